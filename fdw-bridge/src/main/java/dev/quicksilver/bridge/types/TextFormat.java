package dev.quicksilver.bridge.types;

import dev.quicksilver.bridge.sql.PgException;
import java.math.BigDecimal;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's output functions. */
public final class TextFormat {
  private TextFormat() {}

  /** The text form of a value that is not null. */
  public static String format(Type type, Object value, ZoneId zone) {
    return switch (type) {
      case BOOL -> (Boolean) value ? "t" : "f";
      case FLOAT4 -> float4((Float) value);
      case FLOAT8 -> float8((Double) value);
      case TIMESTAMPTZ -> {
        var out = new StringBuilder(32);
        Times.appendTimestampTz((Long) value, zone, out);
        yield out.toString();
      }
      case TIMESTAMP -> {
        var out = new StringBuilder(32);
        Times.appendTimestamp((Long) value, out);
        yield out.toString();
      }
      case DATE -> {
        var out = new StringBuilder(12);
        Times.appendDate((Integer) value, out);
        yield out.toString();
      }
      case INTERVAL -> Intervals.format((Interval) value);
      case PG_LSN -> lsn((Long) value);
      case RECORD -> record((PgRecord) value, zone);
      case VOID -> "";
      default -> value instanceof PgArray array ? array(array, zone) : value.toString();
    };
  }

  /** X/X in upper-case hexadecimal. */
  public static String lsn(long value) {
    return (Long.toHexString(value >>> 32) + "/" + Long.toHexString(value & 0xffffffffL))
        .toUpperCase(Locale.ROOT);
  }

  /** The shortest digits that read back the same, laid out as PostgreSQL does. */
  public static String float8(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return special(value);
    }
    return value == 0
        ? (1 / value < 0 ? "-0" : "0")
        : layout(new BigDecimal(Double.toString(value)), 15);
  }

  static String float4(float value) {
    if (Float.isNaN(value) || Float.isInfinite(value)) {
      return special(value);
    }
    return value == 0
        ? (1 / value < 0 ? "-0" : "0")
        : layout(new BigDecimal(Float.toString(value)), 6);
  }

  private static String special(double value) {
    return Double.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }

  private static String layout(BigDecimal decimal, int fixedDigits) {
    BigDecimal stripped = decimal.stripTrailingZeros();
    int exponent = stripped.precision() - stripped.scale() - 1;
    if (exponent >= -4 && exponent < fixedDigits) {
      return stripped.toPlainString();
    }
    String digits = stripped.unscaledValue().abs().toString();
    var out = new StringBuilder(stripped.signum() < 0 ? "-" : "");
    out.append(digits.charAt(0));
    if (digits.length() > 1) {
      out.append('.').append(digits, 1, digits.length());
    }
    out.append(exponent < 0 ? "e-" : "e+");
    Times.pad(Math.abs(exponent), 2, out);
    return out.toString();
  }

  private static String array(PgArray array, ZoneId zone) {
    var out = new StringBuilder("{");
    for (@Nullable Object element : array.elements()) {
      if (out.length() > 1) {
        out.append(',');
      }
      if (element == null) {
        out.append("NULL");
      } else {
        quoteElement(format(array.element(), element, zone), out);
      }
    }
    return out.append('}').toString();
  }

  private static void quoteElement(String text, StringBuilder out) {
    boolean quote = text.isEmpty() || text.equalsIgnoreCase("null");
    for (int i = 0; i < text.length() && !quote; i++) {
      char c = text.charAt(i);
      quote = "{},\"\\".indexOf(c) >= 0 || isSpace(c);
    }
    if (!quote) {
      out.append(text);
      return;
    }
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\');
      }
      out.append(c);
    }
    out.append('"');
  }

  private static boolean isSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private static String record(PgRecord value, ZoneId zone) {
    var out = new StringBuilder("(");
    List<@Nullable Object> fields = value.fields();
    for (int i = 0; i < fields.size(); i++) {
      if (i > 0) {
        out.append(',');
      }
      Object field = fields.get(i);
      if (field != null) {
        quoteField(format(value.types().get(i), field, zone), out);
      }
    }
    return out.append(')').toString();
  }

  private static void quoteField(String text, StringBuilder out) {
    boolean quote = text.isEmpty();
    for (int i = 0; i < text.length() && !quote; i++) {
      char c = text.charAt(i);
      quote = "(),\"\\".indexOf(c) >= 0 || isSpace(c);
    }
    if (!quote) {
      out.append(text);
      return;
    }
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append(c);
      }
      out.append(c);
    }
    out.append('"');
  }

  /** A value as an SQL error message shows it; refuses nothing. */
  static PgException invalid(String type, String text) {
    return PgException.of(
        dev.quicksilver.bridge.sql.SqlState.INVALID_TEXT_REPRESENTATION,
        "invalid input syntax for type " + type + ": \"" + text + "\"");
  }
}

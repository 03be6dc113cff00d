package dev.quicksilver.bridge.types;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** PostgreSQL's input functions. */
public final class TextInput {
  private TextInput() {}

  /** Reads the text form of a type. */
  public static Object parse(Type type, String text, ZoneId zone) {
    return switch (type) {
      case TEXT, VARCHAR, NAME, BPCHAR, UNKNOWN, JSONPATH, VOID, CHAR -> text;
      case BOOL -> bool(text);
      case BYTEA -> bytea(text);
      case INT2 -> (int) integer(text, Short.MIN_VALUE, Short.MAX_VALUE, "smallint");
      case INT4 -> (int) integer(text, Integer.MIN_VALUE, Integer.MAX_VALUE, "integer");
      case INT8 -> integer(text, Long.MIN_VALUE, Long.MAX_VALUE, "bigint");
      case OID, REGCLASS -> integer(text, 0, 0xffffffffL, "oid");
      case FLOAT4 -> (float) floating(text, "real");
      case FLOAT8 -> floating(text, "double precision");
      case NUMERIC -> Numeric.parse(text);
      case JSONB -> Json.parse(text);
      case DATE -> Times.parseDate(text);
      case TIMESTAMP -> Times.parseTimestamp(text);
      case TIMESTAMPTZ -> Times.parseTimestampTz(text, zone);
      case INTERVAL -> Intervals.parse(text);
      case PG_LSN -> lsn(text);
      case TID, RECORD -> throw PgException.unsupported("input of type " + type.sqlName());
      default -> array(type.element().orElseThrow(), text, zone);
    };
  }

  private static boolean bool(String text) {
    String word = text.strip().toLowerCase(Locale.ROOT);
    if (!word.isEmpty()) {
      if ("true".startsWith(word)
          || "yes".startsWith(word)
          || word.equals("on")
          || word.equals("1")) {
        return true;
      }
      if ("false".startsWith(word) || "no".startsWith(word) || word.equals("0")) {
        return false;
      }
      if (word.equals("of") || word.equals("off")) {
        return false;
      }
    }
    throw TextFormat.invalid("boolean", text);
  }

  private static Bytes bytea(String text) {
    if (text.startsWith("\\x")) {
      try {
        return new Bytes(HexFormat.of().parseHex(text.substring(2)));
      } catch (IllegalArgumentException e) {
        throw PgException.of(
            SqlState.INVALID_PARAMETER_VALUE, "invalid hexadecimal data in a bytea literal", e);
      }
    }
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] out = new byte[bytes.length];
    int length = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != '\\') {
        out[length++] = bytes[i];
      } else if (i + 1 < bytes.length && bytes[i + 1] == '\\') {
        out[length++] = '\\';
        i++;
      } else if (i + 3 < bytes.length && bytes[i + 1] >= '0' && bytes[i + 1] <= '3') {
        out[length++] =
            (byte) ((bytes[i + 1] - '0') * 64 + (bytes[i + 2] - '0') * 8 + (bytes[i + 3] - '0'));
        i += 3;
      } else {
        throw TextFormat.invalid("bytea", text);
      }
    }
    return new Bytes(java.util.Arrays.copyOf(out, length));
  }

  private static long integer(String text, long min, long max, String type) {
    String digits = text.strip();
    try {
      long value = Long.parseLong(digits);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      if (!digits.matches("[+-]?\\d+")) {
        throw TextFormat.invalid(type, text);
      }
    }
    throw PgException.of(
        SqlState.NUMERIC_VALUE_OUT_OF_RANGE,
        "value \"" + text + "\" is out of range for type " + type);
  }

  private static double floating(String text, String type) {
    String word = text.strip().toLowerCase(Locale.ROOT);
    return switch (word) {
      case "nan" -> Double.NaN;
      case "infinity", "inf", "+infinity", "+inf" -> Double.POSITIVE_INFINITY;
      case "-infinity", "-inf" -> Double.NEGATIVE_INFINITY;
      default -> {
        if (!word.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?")) {
          throw TextFormat.invalid(type, text);
        }
        double value = Double.parseDouble(word);
        boolean zero = word.split("e", 2)[0].chars().noneMatch(c -> c >= '1' && c <= '9');
        if (Double.isInfinite(value) || (value == 0 && !zero)) {
          throw PgException.of(
              SqlState.NUMERIC_VALUE_OUT_OF_RANGE,
              "\"" + text + "\" is out of range for type " + type);
        }
        yield value;
      }
    };
  }

  private static long lsn(String text) {
    String[] parts = text.split("/", -1);
    try {
      if (parts.length == 2) {
        return Long.parseLong(parts[0], 16) << 32 | Long.parseLong(parts[1], 16);
      }
    } catch (NumberFormatException e) {
      throw TextFormat.invalid("pg_lsn", text);
    }
    throw TextFormat.invalid("pg_lsn", text);
  }

  private static PgArray array(Type element, String text, ZoneId zone) {
    String body = text.strip();
    if (body.length() < 2 || body.charAt(0) != '{' || body.charAt(body.length() - 1) != '}') {
      throw PgException.of(
          SqlState.INVALID_TEXT_REPRESENTATION, "malformed array literal: \"" + text + "\"");
    }
    List<@Nullable Object> elements = new ArrayList<>();
    int at = 1;
    int end = body.length() - 1;
    while (at < end) {
      var part = new StringBuilder();
      boolean quoted = false;
      int keep = 0;
      while (at < end && body.charAt(at) != ',') {
        char c = body.charAt(at);
        if (c == '{') {
          throw PgException.unsupported("arrays of more than one dimension");
        }
        if (c == '"') {
          quoted = true;
          at = quotedPart(body, at + 1, end, part, text);
          keep = part.length();
        } else if (c == '\\' && at + 1 < end) {
          part.append(body.charAt(at + 1));
          keep = part.length();
          at += 2;
        } else {
          if (!(part.isEmpty() && Character.isWhitespace(c))) {
            part.append(c);
          }
          if (!Character.isWhitespace(c)) {
            keep = part.length();
          }
          at++;
        }
      }
      at++;
      part.setLength(keep);
      String value = part.toString();
      elements.add(!quoted && value.equalsIgnoreCase("null") ? null : parse(element, value, zone));
    }
    return new PgArray(element, elements);
  }

  private static int quotedPart(String body, int from, int end, StringBuilder out, String text) {
    int at = from;
    while (at < end) {
      char c = body.charAt(at++);
      if (c == '"') {
        return at;
      }
      out.append(c == '\\' && at < end ? body.charAt(at++) : c);
    }
    throw PgException.of(
        SqlState.INVALID_TEXT_REPRESENTATION, "malformed array literal: \"" + text + "\"");
  }
}

package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Interval;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.PgArray;
import dev.quicksilver.bridge.types.TextFormat;
import dev.quicksilver.bridge.types.TextInput;
import dev.quicksilver.bridge.types.Type;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Conversions between types. */
final class Casts {
  private static final long MICROS_PER_DAY = 86_400_000_000L;

  private Casts() {}

  /** Converts to a type; an unknown literal is read by the type's input function. */
  static Expr to(Type target, Expr expr, ZoneId zone) {
    Type source = expr.type();
    if (source == target) {
      return expr;
    }
    if (expr instanceof Expr.Constant constant && constant.value() == null) {
      return new Expr.Constant(target, null);
    }
    if (source == Type.UNKNOWN && expr instanceof Expr.Constant constant) {
      return new Expr.Constant(
          target, TextInput.parse(target, String.valueOf(constant.value()), zone));
    }
    return Expr.strict("cast:" + target, target, expr, function(source, target, zone));
  }

  private static UnaryOperator<Object> function(Type source, Type target, ZoneId zone) {
    if (source.isText() && target.isText()) {
      return value -> value;
    }
    if (source.isText()) {
      return value -> TextInput.parse(target, (String) value, zone);
    }
    if (target.isText()) {
      if (source == Type.BOOL) {
        return value -> (Boolean) value ? "true" : "false";
      }
      return value -> TextFormat.format(source, value, zone);
    }
    if (source.isNumber() && target.isNumber()) {
      return value -> number(source, target, value);
    }
    if (source.element().isPresent() && target.element().isPresent()) {
      return array(source.element().get(), target.element().get(), zone);
    }
    UnaryOperator<Object> other = other(source, target, zone);
    if (other == null) {
      throw PgException.of(
          SqlState.CANNOT_COERCE,
          "cannot cast type " + source.sqlName() + " to " + target.sqlName());
    }
    return other;
  }

  private static UnaryOperator<Object> array(Type from, Type to, ZoneId zone) {
    UnaryOperator<Object> element = from == to ? value -> value : function(from, to, zone);
    return value -> {
      List<@Nullable Object> elements = new ArrayList<>();
      for (@Nullable Object each : ((PgArray) value).elements()) {
        elements.add(each == null ? null : element.apply(each));
      }
      return new PgArray(to, elements);
    };
  }

  private static @Nullable UnaryOperator<Object> other(Type source, Type target, ZoneId zone) {
    return switch (source) {
      case BOOL -> target == Type.INT4 ? value -> (Boolean) value ? 1 : 0 : null;
      case INT4 ->
          target == Type.BOOL
              ? value -> (Integer) value != 0
              : target == Type.OID || target == Type.REGCLASS
                  ? value -> Integer.toUnsignedLong((Integer) value)
                  : null;
      case INT8 ->
          target == Type.OID || target == Type.REGCLASS ? value -> oid((Long) value) : null;
      case OID, REGCLASS ->
          target == Type.INT8 || target == Type.OID || target == Type.REGCLASS
              ? value -> value
              : target == Type.INT4 ? value -> ((Long) value).intValue() : null;
      case DATE ->
          switch (target) {
            case TIMESTAMP -> value -> dateMicros((Integer) value);
            case TIMESTAMPTZ -> value -> toZoned(dateMicros((Integer) value), zone);
            default -> null;
          };
      case TIMESTAMP ->
          switch (target) {
            case TIMESTAMPTZ -> value -> toZoned((Long) value, zone);
            case DATE -> value -> days((Long) value);
            default -> null;
          };
      case TIMESTAMPTZ ->
          switch (target) {
            case TIMESTAMP -> value -> toLocal((Long) value, zone);
            case DATE -> value -> days(toLocal((Long) value, zone));
            default -> null;
          };
      default -> null;
    };
  }

  private static Object oid(long value) {
    if (value < 0 || value > 0xffffffffL) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "OID out of range");
    }
    return value;
  }

  private static long dateMicros(int days) {
    return days == Integer.MAX_VALUE
        ? Long.MAX_VALUE
        : days == Integer.MIN_VALUE ? Long.MIN_VALUE : Math.multiplyExact(days, MICROS_PER_DAY);
  }

  private static int days(long micros) {
    return micros == Long.MAX_VALUE
        ? Integer.MAX_VALUE
        : micros == Long.MIN_VALUE
            ? Integer.MIN_VALUE
            : (int) Math.floorDiv(micros, MICROS_PER_DAY);
  }

  private static boolean infinite(long micros) {
    return micros == Long.MAX_VALUE || micros == Long.MIN_VALUE;
  }

  /** The wall clock of an instant in a zone, as µs. */
  static long toLocal(long micros, ZoneId zone) {
    if (infinite(micros)) {
      return micros;
    }
    long seconds = Math.floorDiv(micros, 1_000_000L);
    int offset = zone.getRules().getOffset(Instant.ofEpochSecond(seconds)).getTotalSeconds();
    return Math.addExact(micros, offset * 1_000_000L);
  }

  /** The instant of a wall clock in a zone. */
  static long toZoned(long local, ZoneId zone) {
    if (infinite(local)) {
      return local;
    }
    long seconds = Math.floorDiv(local, 1_000_000L);
    LocalDateTime clock = LocalDateTime.ofEpochSecond(seconds, 0, ZoneOffset.UTC);
    int offset = zone.getRules().getOffset(clock).getTotalSeconds();
    return Math.subtractExact(local, offset * 1_000_000L);
  }

  /** Converts a number; integers are range-checked, fractions rounded as PostgreSQL does. */
  static Object number(Type source, Type target, Object value) {
    return switch (target) {
      case INT2 -> (int) integer(source, value, Short.MIN_VALUE, Short.MAX_VALUE, "smallint");
      case INT4 -> (int) integer(source, value, Integer.MIN_VALUE, Integer.MAX_VALUE, "integer");
      case INT8 -> integer(source, value, Long.MIN_VALUE, Long.MAX_VALUE, "bigint");
      case NUMERIC ->
          switch (source) {
            case FLOAT8 -> Numeric.ofDouble((Double) value, 15);
            case FLOAT4 -> Numeric.ofDouble((Float) value, 6);
            default -> Numeric.of(((Number) value).longValue());
          };
      case FLOAT4 -> toFloat(source, value);
      default -> toDouble(value);
    };
  }

  private static float toFloat(Type source, Object value) {
    float result =
        source == Type.NUMERIC
            ? (float) ((Numeric) value).toDouble()
            : ((Number) value).floatValue();
    if (Float.isInfinite(result) && !Double.isInfinite(toDouble(value))) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
    }
    return result;
  }

  /** Any number as a double. */
  static double toDouble(Object value) {
    return value instanceof Numeric numeric ? numeric.toDouble() : ((Number) value).doubleValue();
  }

  /** Any finite number as a numeric. */
  static Numeric toNumeric(Object value) {
    return value instanceof Numeric numeric ? numeric : Numeric.of(((Number) value).longValue());
  }

  private static long integer(Type source, Object value, long min, long max, String type) {
    if (source == Type.NUMERIC) {
      return ((Numeric) value).toLong(min, max, type);
    }
    if (source == Type.FLOAT4 || source == Type.FLOAT8) {
      double rounded = Math.rint(toDouble(value));
      if (!(rounded >= min && (max == Long.MAX_VALUE ? rounded < 0x1p63 : rounded <= max))) {
        throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, type + " out of range");
      }
      return (long) rounded;
    }
    long number = ((Number) value).longValue();
    if (number < min || number > max) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, type + " out of range");
    }
    return number;
  }

  /** Applies {@code numeric(p,s)}, {@code varchar(n)} and the like. */
  static Expr modifiers(Expr expr, List<Integer> modifiers) {
    if (modifiers.isEmpty()) {
      return expr;
    }
    int first = modifiers.getFirst();
    return switch (expr.type()) {
      case NUMERIC -> {
        int scale = modifiers.size() > 1 ? modifiers.get(1) : 0;
        yield Expr.strict(
            "numeric(" + first + "," + scale + ")",
            Type.NUMERIC,
            expr,
            value -> {
              Numeric rounded = ((Numeric) value).round(scale);
              if (rounded.isFinite()
                  && rounded.signum() != 0
                  && rounded.value().precision() - rounded.value().scale() > first - scale) {
                throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow");
              }
              return rounded;
            });
      }
      case VARCHAR ->
          Expr.strict(
              "varchar(" + first + ")",
              Type.VARCHAR,
              expr,
              value -> Strings.substring((String) value, 1, first));
      default -> throw PgException.unsupported("type modifiers of " + expr.type().sqlName());
    };
  }

  /** The type that both sides of an operator are converted to; null if they do not mix. */
  static @Nullable Type common(Type a, Type b) {
    if (a == b) {
      return a;
    }
    if (a == Type.UNKNOWN || b == Type.UNKNOWN) {
      return a == Type.UNKNOWN ? b : a;
    }
    if (a.isNumber() && b.isNumber()) {
      return a.rank() > b.rank() ? a : b;
    }
    if (a.isText() && b.isText()) {
      return a == Type.BPCHAR || b == Type.BPCHAR
          ? (a == Type.TEXT || b == Type.TEXT ? Type.TEXT : Type.BPCHAR)
          : Type.TEXT;
    }
    if ((isOid(a) && (isOid(b) || b.isInteger())) || (isOid(b) && a.isInteger())) {
      return Type.OID;
    }
    if (isTime(a) && isTime(b)) {
      return a == Type.TIMESTAMPTZ || b == Type.TIMESTAMPTZ ? Type.TIMESTAMPTZ : Type.TIMESTAMP;
    }
    return null;
  }

  private static boolean isOid(Type type) {
    return type == Type.OID || type == Type.REGCLASS;
  }

  private static boolean isTime(Type type) {
    return type == Type.DATE || type == Type.TIMESTAMP || type == Type.TIMESTAMPTZ;
  }

  /**
   * Justified difference of two instants: whole days and the rest, as timestamptz - timestamptz
   * gives.
   */
  static Interval difference(long a, long b) {
    if (infinite(a) || infinite(b)) {
      throw PgException.unsupported("subtraction of infinite timestamps");
    }
    long micros = Math.subtractExact(a, b);
    return new Interval(0, (int) (micros / MICROS_PER_DAY), micros % MICROS_PER_DAY);
  }
}

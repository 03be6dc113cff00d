package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Arithmetic of numbers with PostgreSQL's result types and overflow errors. */
final class Arithmetic {
  private static final Set<String> OPERATORS = Set.of("+", "-", "*", "/", "%");
  private static final Set<String> BITS = Set.of("&", "|", "#", "<<", ">>");

  private Arithmetic() {}

  /** The expression, or null if the operator is not arithmetic on these types. */
  static @Nullable Expr infix(String operator, Expr left, Expr right, ZoneId zone) {
    boolean numbers =
        (left.type().isNumber() || left.type() == Type.UNKNOWN)
            && (right.type().isNumber() || right.type() == Type.UNKNOWN);
    if (!numbers || (left.type() == Type.UNKNOWN && right.type() == Type.UNKNOWN)) {
      return null;
    }
    if (BITS.contains(operator)) {
      return bits(operator, left, right, zone);
    }
    Type type = Casts.common(left.type(), right.type());
    if (type == null) {
      return null;
    }
    if (operator.equals("^")) {
      return power(left, right, type, zone);
    }
    if (!OPERATORS.contains(operator) || (operator.equals("%") && type.rank() > 4)) {
      return null;
    }
    if (type == Type.FLOAT4 && left.type() != right.type()) {
      type = Type.FLOAT8;
    }
    Type result = type;
    Expr a = Casts.to(result, left, zone);
    Expr b = Casts.to(result, right, zone);
    return Expr.strict(operator, result, a, b, (x, y) -> apply(operator, result, x, y));
  }

  private static Object apply(String operator, Type type, Object x, Object y) {
    return switch (type) {
      case INT8 -> long8(operator, (Long) x, (Long) y);
      case INT2, INT4 -> narrow(long8(operator, (Integer) x, (Integer) y), type);
      case NUMERIC -> numeric(operator, (Numeric) x, (Numeric) y);
      case FLOAT4 -> float4(operator, (Float) x, (Float) y);
      default -> float8(operator, (Double) x, (Double) y);
    };
  }

  static long subtract(long x, long y) {
    return long8("-", x, y);
  }

  private static long long8(String operator, long x, long y) {
    try {
      return switch (operator) {
        case "+" -> Math.addExact(x, y);
        case "-" -> Math.subtractExact(x, y);
        case "*" -> Math.multiplyExact(x, y);
        case "/" -> y == 0 ? zero() : Math.divideExact(x, y);
        default -> y == 0 ? zero() : y == -1 ? 0 : x % y;
      };
    } catch (ArithmeticException e) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range", e);
    }
  }

  private static long zero() {
    throw PgException.of(SqlState.DIVISION_BY_ZERO, "division by zero");
  }

  static Object narrow(long value, Type type) {
    boolean fits = type == Type.INT4 ? (int) value == value : (short) value == value;
    if (!fits) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, type.sqlName() + " out of range");
    }
    return (int) value;
  }

  private static Numeric numeric(String operator, Numeric x, Numeric y) {
    return switch (operator) {
      case "+" -> x.add(y);
      case "-" -> x.subtract(y);
      case "*" -> x.multiply(y);
      case "/" -> x.divide(y);
      default -> x.remainder(y);
    };
  }

  private static double float8(String operator, double x, double y) {
    double result =
        switch (operator) {
          case "+" -> x + y;
          case "-" -> x - y;
          case "*" -> x * y;
          default -> y == 0 && !Double.isNaN(x) ? zero() : x / y;
        };
    if (Double.isInfinite(result) && !Double.isInfinite(x) && !Double.isInfinite(y)) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
    }
    boolean product = operator.equals("*") || operator.equals("/");
    if (product
        && result == 0
        && x != 0
        && !Double.isInfinite(y)
        && (y != 0 || operator.equals("/"))) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow");
    }
    return result;
  }

  private static float float4(String operator, float x, float y) {
    float result = (float) float8(operator, x, y);
    if (Float.isInfinite(result) && !Float.isInfinite(x) && !Float.isInfinite(y)) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
    }
    return result;
  }

  private static @Nullable Expr bits(String operator, Expr left, Expr right, ZoneId zone) {
    boolean shift = operator.equals("<<") || operator.equals(">>");
    Type type = shift ? left.type() : Casts.common(left.type(), right.type());
    if (type == null || !type.isInteger()) {
      return null;
    }
    Type result = type;
    Expr a = Casts.to(result, left, zone);
    Expr b = Casts.to(shift ? Type.INT4 : result, right, zone);
    return Expr.strict(
        operator,
        result,
        a,
        b,
        (x, y) -> {
          long p = ((Number) x).longValue();
          long q = ((Number) y).longValue();
          int width = result == Type.INT8 ? 63 : 31;
          long bits =
              switch (operator) {
                case "&" -> p & q;
                case "|" -> p | q;
                case "#" -> p ^ q;
                case "<<" -> result == Type.INT8 ? p << q : (int) p << (int) (q & width);
                default -> result == Type.INT8 ? p >> q : (int) p >> (int) (q & width);
              };
          return result == Type.INT8
              ? (Object) bits
              : result == Type.INT4 ? (Object) (int) bits : (Object) (int) (short) bits;
        });
  }

  private static Expr power(Expr left, Expr right, Type type, ZoneId zone) {
    if (type == Type.NUMERIC) {
      throw PgException.unsupported("numeric ^ numeric");
    }
    return Expr.strict(
        "^",
        Type.FLOAT8,
        Casts.to(Type.FLOAT8, left, zone),
        Casts.to(Type.FLOAT8, right, zone),
        (x, y) -> power((Double) x, (Double) y));
  }

  private static double power(double x, double y) {
    if (x == 0 && y < 0) {
      throw PgException.of(
          SqlState.INVALID_ARGUMENT_FOR_POWER, "zero raised to a negative power is undefined");
    }
    if (x < 0 && !Double.isInfinite(x) && Math.rint(y) != y && !Double.isNaN(y)) {
      throw PgException.of(
          SqlState.INVALID_ARGUMENT_FOR_POWER,
          "a negative number raised to a non-integer power yields a complex result");
    }
    if (x == 1 || y == 0) {
      return 1;
    }
    double result = Math.pow(x, y);
    if (Double.isInfinite(result) && !Double.isInfinite(x) && !Double.isInfinite(y)) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow");
    }
    if (result == 0 && x != 0 && !Double.isInfinite(x) && !Double.isInfinite(y)) {
      throw PgException.of(SqlState.NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow");
    }
    return result;
  }

  static double sqrt(double value) {
    if (value < 0) {
      throw PgException.of(
          SqlState.INVALID_ARGUMENT_FOR_POWER, "cannot take square root of a negative number");
    }
    return Math.sqrt(value);
  }

  static Expr abs(Expr number) {
    Type type = number.type();
    return Expr.strict(
        "abs",
        type,
        number,
        value ->
            switch (type) {
              case INT8 -> (Long) value < 0 ? subtract(0, (Long) value) : value;
              case INT2, INT4 -> narrow(Math.abs((long) (Integer) value), type);
              case NUMERIC -> ((Numeric) value).signum() < 0 ? ((Numeric) value).negate() : value;
              case FLOAT4 -> Math.abs((Float) value);
              default -> Math.abs((Double) value);
            });
  }
}

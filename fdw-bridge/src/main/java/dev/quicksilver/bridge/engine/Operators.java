package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.Set;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/** Infix and prefix operators. */
final class Operators {
  static final Set<String> COMPARISONS = Set.of("=", "<>", "<", "<=", ">", ">=");
  private static final Set<String> PATTERN_COMPARISONS = Set.of("~<~", "~<=~", "~>~", "~>=~");
  private static final Set<String> TEXT_MATCH =
      Set.of("~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "^@");

  private Operators() {}

  static Expr infix(String operator, Expr left, Expr right, ZoneId zone) {
    if (COMPARISONS.contains(operator)) {
      return comparison(operator, left, right, zone);
    }
    if (PATTERN_COMPARISONS.contains(operator)) {
      String plain = operator.replace("~", "");
      return comparison(plain, text(left, zone), text(right, zone), zone);
    }
    if (TEXT_MATCH.contains(operator)) {
      if (left.type() == Type.BYTEA || right.type() == Type.BYTEA) {
        return BinaryFunctions.match(operator, left, right, zone);
      }
      if (!textual(left) || !textual(right)) {
        throw missing(operator, left, right);
      }
      return Matching.of(operator, text(left, zone), text(right, zone));
    }
    if (operator.equals("||")) {
      return concatenate(left, right, zone);
    }
    Expr arithmetic = Arithmetic.infix(operator, left, right, zone);
    if (arithmetic != null) {
      return arithmetic;
    }
    Expr time = TimeFunctions.infix(operator, left, right, zone);
    if (time != null) {
      return time;
    }
    throw missing(operator, left, right);
  }

  private static boolean textual(Expr expr) {
    return expr.type().isText();
  }

  static Expr text(Expr expr, ZoneId zone) {
    return expr.type().isText() && expr.type() != Type.UNKNOWN
        ? expr
        : Casts.to(Type.TEXT, expr, zone);
  }

  private static Expr concatenate(Expr left, Expr right, ZoneId zone) {
    if (left.type() == Type.BYTEA || right.type() == Type.BYTEA) {
      return Expr.strict(
          "||",
          Type.BYTEA,
          Casts.to(Type.BYTEA, left, zone),
          Casts.to(Type.BYTEA, right, zone),
          (a, b) -> BinaryFunctions.concat((Bytes) a, (Bytes) b));
    }
    if (left.type().element().isPresent() || right.type().element().isPresent()) {
      throw PgException.unsupported("array concatenation");
    }
    if (left.type() == Type.JSONB || right.type() == Type.JSONB) {
      throw PgException.unsupported("jsonb concatenation");
    }
    if (!textual(left) && !textual(right)) {
      throw missing("||", left, right);
    }
    return Expr.strict(
        "||", Type.TEXT, text(left, zone), text(right, zone), (a, b) -> (String) a + (String) b);
  }

  static Expr comparison(String operator, Expr left, Expr right, ZoneId zone) {
    Type type = Casts.common(left.type(), right.type());
    if (type == null) {
      throw missing(operator, left, right);
    }
    if (type == Type.UNKNOWN) {
      type = Type.TEXT;
    }
    if (type == Type.JSONB || type == Type.JSONPATH) {
      throw PgException.unsupported("comparison of " + type.sqlName());
    }
    Type common = type;
    Expr a = comparable(common, left, zone);
    Expr b = comparable(common, right, zone);
    if (operator.equals("=") || operator.equals("<>")) {
      boolean wanted = operator.equals("=");
      if (common == Type.TEXT
          || common == Type.INT8
          || common == Type.INT4
          || common == Type.BOOL) {
        return Expr.strict(operator, Type.BOOL, a, b, (x, y) -> x.equals(y) == wanted);
      }
    }
    return Expr.strict(operator, Type.BOOL, a, b, comparisonOf(operator, common));
  }

  /** Converts as PostgreSQL compares: an integer beside a float becomes a double. */
  private static Expr comparable(Type common, Expr expr, ZoneId zone) {
    Type target = common == Type.FLOAT4 && expr.type() != Type.FLOAT4 ? Type.FLOAT8 : common;
    return Casts.to(target, expr, zone);
  }

  private static BinaryOperator<Object> comparisonOf(String operator, Type type) {
    Type compared = type == Type.FLOAT4 ? Type.FLOAT8 : type;
    return (x, y) -> {
      int order =
          compared == Type.FLOAT8
              ? Order.compareDouble(((Number) x).doubleValue(), ((Number) y).doubleValue())
              : Order.compare(compared, x, y);
      return holds(operator, order);
    };
  }

  static boolean holds(String operator, int order) {
    return switch (operator) {
      case "=" -> order == 0;
      case "<>" -> order != 0;
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      case ">=" -> order >= 0;
      default -> throw new IllegalArgumentException(operator);
    };
  }

  static Expr prefix(String operator, Expr operand, ZoneId zone) {
    Expr number = operand.type() == Type.UNKNOWN ? Casts.to(Type.FLOAT8, operand, zone) : operand;
    Type type = number.type();
    if (operator.equals("+") && type.isNumber()) {
      return number;
    }
    if (operator.equals("-") && type == Type.INTERVAL) {
      return TimeFunctions.negate(number);
    }
    if (operator.equals("-") && type.isNumber()) {
      return Expr.strict(
          "negate",
          type,
          number,
          value ->
              switch (type) {
                case INT8 -> Arithmetic.subtract(0, (Long) value);
                case INT4 -> Arithmetic.narrow(-(long) (Integer) value, Type.INT4);
                case INT2 -> Arithmetic.narrow(-(long) (Integer) value, Type.INT2);
                case NUMERIC -> ((Numeric) value).negate();
                case FLOAT4 -> -(Float) value;
                default -> -(Double) value;
              });
    }
    if (operator.equals("~") && type.isInteger()) {
      return Expr.strict(
          "~",
          type,
          number,
          value -> type == Type.INT8 ? (Object) ~(Long) value : (Object) ~(Integer) value);
    }
    if (operator.equals("@") && type.isNumber()) {
      return Arithmetic.abs(number);
    }
    if (operator.equals("|/") || operator.equals("||/")) {
      boolean cube = operator.equals("||/");
      return Expr.strict(
          operator,
          Type.FLOAT8,
          Casts.to(Type.FLOAT8, number, zone),
          value -> cube ? Math.cbrt((Double) value) : Arithmetic.sqrt((Double) value));
    }
    throw PgException.of(
        SqlState.UNDEFINED_FUNCTION, "operator does not exist: " + operator + " " + type.sqlName());
  }

  static PgException missing(String operator, Expr left, Expr right) {
    return PgException.of(
            SqlState.FEATURE_NOT_SUPPORTED,
            "the bridge does not evaluate "
                + left.type().sqlName()
                + " "
                + operator
                + " "
                + right.type().sqlName())
        .hint(String.valueOf(PgException.unsupported("").hint()));
  }

  /** Whether SQL's condition holds: true, and not NULL. */
  static boolean isTrue(@Nullable Object value) {
    return value != null && (Boolean) value;
  }
}

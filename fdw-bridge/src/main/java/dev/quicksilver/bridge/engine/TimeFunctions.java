package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.types.Interval;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/** Operators of timestamps and intervals. */
final class TimeFunctions {
  private TimeFunctions() {}

  /** The expression, or null if the operator is not one of these types. */
  static @Nullable Expr infix(String operator, Expr left, Expr right, ZoneId zone) {
    Type a = left.type();
    Type b = right.type();
    if (operator.equals("-")
        && a == Type.TIMESTAMPTZ
        && (b == Type.TIMESTAMPTZ || b == Type.UNKNOWN)) {
      return Expr.strict(
          "-",
          Type.INTERVAL,
          left,
          Casts.to(Type.TIMESTAMPTZ, right, zone),
          (x, y) -> Casts.difference((Long) x, (Long) y));
    }
    if (a == Type.INTERVAL
        && b == Type.INTERVAL
        && (operator.equals("+") || operator.equals("-"))) {
      boolean plus = operator.equals("+");
      return Expr.strict(
          operator,
          Type.INTERVAL,
          left,
          right,
          (x, y) -> {
            Interval p = (Interval) x;
            Interval q = plus ? (Interval) y : negated((Interval) y);
            return new Interval(
                Math.addExact(p.months(), q.months()),
                Math.addExact(p.days(), q.days()),
                Math.addExact(p.micros(), q.micros()));
          });
    }
    return null;
  }

  static Expr negate(Expr interval) {
    return Expr.strict("negate", Type.INTERVAL, interval, value -> negated((Interval) value));
  }

  private static Interval negated(Interval value) {
    return new Interval(
        Math.negateExact(value.months()),
        Math.negateExact(value.days()),
        Math.negateExact(value.micros()));
  }
}

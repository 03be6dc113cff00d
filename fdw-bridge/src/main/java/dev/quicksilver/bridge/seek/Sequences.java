package dev.quicksilver.bridge.seek;

import java.util.List;

/**
 * The numbers that a condition on a numbered relation can hold for: those from {@code from} to
 * {@code to}, both included.
 */
record Sequences(long from, long to) {
  /** Every number. */
  static final Sequences ALL = new Sequences(Long.MIN_VALUE, Long.MAX_VALUE);

  private static final Sequences NONE = new Sequences(Long.MAX_VALUE, Long.MIN_VALUE);

  /** The numbers in both. */
  Sequences intersect(Sequences other) {
    return new Sequences(Math.max(from, other.from), Math.min(to, other.to));
  }

  private boolean isEmpty() {
    return from > to;
  }

  /** The bounds of a condition on the column with this number. */
  static Sequences of(Condition condition, int column) {
    return switch (condition) {
      case Condition.Always always -> always.result() == Condition.TRUE ? ALL : NONE;
      case Condition.Numbers number when number.column() == column ->
          compared(number.comparison(), number.constant());
      case Condition.OneOfNumbers set when set.column() == column ->
          set.sorted().length == 0
              ? NONE
              : new Sequences(set.sorted()[0], set.sorted()[set.sorted().length - 1]);
      case Condition.All all -> all(all.operands(), column);
      case Condition.Any any -> any(any.operands(), column);
      default -> ALL;
    };
  }

  private static Sequences all(List<Condition> conditions, int column) {
    Sequences bounds = ALL;
    for (Condition each : conditions) {
      bounds = bounds.intersect(of(each, column));
    }
    return bounds;
  }

  private static Sequences any(List<Condition> conditions, int column) {
    Sequences hull = NONE;
    for (Condition each : conditions) {
      Sequences bounds = of(each, column);
      if (!bounds.isEmpty()) {
        hull = new Sequences(Math.min(hull.from, bounds.from), Math.max(hull.to, bounds.to));
      }
    }
    return hull;
  }

  private static Sequences compared(Comparison comparison, long constant) {
    return switch (comparison) {
      case EQUAL -> new Sequences(constant, constant);
      case NOT_EQUAL -> ALL;
      case LESS -> constant == Long.MIN_VALUE ? NONE : new Sequences(ALL.from, constant - 1);
      case LESS_OR_EQUAL -> new Sequences(ALL.from, constant);
      case GREATER -> constant == Long.MAX_VALUE ? NONE : new Sequences(constant + 1, ALL.to);
      case GREATER_OR_EQUAL -> new Sequences(constant, ALL.to);
    };
  }
}

package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.KeySet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keys that a condition can hold for.
 *
 * @param exact the condition holds for every one of them, so it need not be tested again
 */
record Bounds(KeySet keys, boolean exact) {
  private static final Bounds NOTHING = new Bounds(KeySet.NONE, true);
  private static final Bounds EVERYTHING = new Bounds(KeySet.ALL, true);
  private static final Bounds UNKNOWN = new Bounds(KeySet.ALL, false);
  private static final byte[] FIRST = new byte[0];

  /** The bounds of a condition on the column with this number, which is never NULL. */
  static Bounds of(Condition condition, int key) {
    return switch (condition) {
      case Condition.Always always -> always.result() == Condition.TRUE ? EVERYTHING : NOTHING;
      case Condition.Guess ignored -> UNKNOWN;
      case Condition.All all -> all(all.operands(), key);
      case Condition.Any any -> any(any.operands(), key);
      case Condition.Octets octets when octets.column() == key ->
          new Bounds(compared(octets.comparison(), octets.constant()), true);
      case Condition.OneOfOctets set when set.column() == key ->
          new Bounds(KeySet.union(Arrays.stream(set.sorted()).map(KeySet::single).toList()), true);
      case Condition.Prefix prefix when prefix.column() == key ->
          new Bounds(KeySet.prefix(prefix.prefix()), true);
      case Condition.Like like when like.column() == key -> like(like.pattern());
      case Condition.IsNull test when test.column() == key -> NOTHING;
      case Condition.Not not -> negated(not.operand(), key);
      case Condition.Numbers ignored -> UNKNOWN;
      case Condition.Octets ignored -> UNKNOWN;
      case Condition.OneOfNumbers ignored -> UNKNOWN;
      case Condition.OneOfOctets ignored -> UNKNOWN;
      case Condition.Prefix ignored -> UNKNOWN;
      case Condition.Like ignored -> UNKNOWN;
      case Condition.IsNull ignored -> UNKNOWN;
    };
  }

  private static Bounds negated(Condition operand, int key) {
    return switch (operand) {
      case Condition.IsNull test when test.column() == key -> EVERYTHING;
      case Condition.OneOfOctets set when set.orNull() -> NOTHING;
      default -> UNKNOWN;
    };
  }

  private static Bounds all(List<Condition> conditions, int key) {
    KeySet keys = KeySet.ALL;
    boolean exact = true;
    for (Condition each : conditions) {
      Bounds bounds = of(each, key);
      keys = keys.intersect(bounds.keys);
      exact &= bounds.exact;
    }
    return new Bounds(keys, exact || keys.intervals().isEmpty());
  }

  private static Bounds any(List<Condition> conditions, int key) {
    List<KeySet> sets = new ArrayList<>();
    boolean exact = true;
    for (Condition each : conditions) {
      Bounds bounds = of(each, key);
      sets.add(bounds.keys);
      exact &= bounds.exact;
    }
    return new Bounds(KeySet.union(sets), exact);
  }

  private static KeySet compared(Comparison comparison, byte[] constant) {
    return switch (comparison) {
      case EQUAL -> KeySet.single(constant);
      case NOT_EQUAL ->
          KeySet.union(
              List.of(
                  KeySet.between(FIRST, constant), KeySet.between(KeySet.after(constant), null)));
      case LESS -> KeySet.between(FIRST, constant);
      case LESS_OR_EQUAL -> KeySet.between(FIRST, KeySet.after(constant));
      case GREATER -> KeySet.between(KeySet.after(constant), null);
      case GREATER_OR_EQUAL -> KeySet.between(constant, null);
    };
  }

  private static Bounds like(LikePattern pattern) {
    byte[] prefix = pattern.prefix();
    return pattern.isWhole()
        ? new Bounds(KeySet.single(prefix), true)
        : new Bounds(KeySet.prefix(prefix), pattern.isPrefix());
  }

  /** What of a condition is still to be tested for keys within its bounds. */
  static List<Condition> residue(Condition condition, int key) {
    if (condition instanceof Condition.All all) {
      return all.operands().stream().flatMap(each -> residue(each, key).stream()).toList();
    }
    return of(condition, key).exact() ? List.of() : List.of(condition);
  }
}

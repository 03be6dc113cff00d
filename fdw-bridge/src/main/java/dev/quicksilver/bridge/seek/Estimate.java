package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.Relation;
import java.util.BitSet;
import java.util.List;

/**
 * What a seek is expected to cost and to give, for the planner of an analyst's PostgreSQL.
 *
 * @param bounded whether only a part of the table is read
 * @param cost in PostgreSQL's units: a page read in sequence is 1
 * @param width bytes of a row
 */
record Estimate(
    String table, boolean bounded, double startup, double cost, double rows, int width) {
  /** More keys are not counted for an estimate. */
  private static final int MOST_COUNTED = 1_000;

  /** PostgreSQL's guess for an inequality. */
  private static final double RANGE_SHARE = 1 / 3.0;

  private static final int PAGE = 8192;
  private static final int PAIR_OVERHEAD = 32;

  /** Estimates a seek. */
  static Estimate of(Shape shape, KeySet keys, List<Condition> conditions) {
    Relation relation = shape.table().relation();
    double all = Math.max(1, relation.estimate());
    boolean guess = isKeyGuess(shape);
    double scanned = guess ? 1 : keys.isAll() ? all : within(relation, keys, all);
    double found = scanned;
    for (Condition condition : conditions) {
      found *= guess ? 1 : share(condition, all);
    }
    if (shape.sampling().isPresent()) {
      found *= shape.sampling().get().share();
    }
    double rows = shape.isCount() ? 1 : Math.min(found, (double) shape.window().limit());
    double scan =
        0.1 * Math.max(1, keys.intervals().size())
            + scanned * (relation.rowWidth() + PAIR_OVERHEAD) / PAGE
            + scanned * (0.005 + 0.0025 * conditions.size());
    boolean late = shape.isCount() || !shape.ordering().isNatural(shape.table());
    boolean early = !late && shape.window().limit() < found && found > 0;
    double cost = early ? scan * shape.window().limit() / found : scan;
    int width =
        shape.outputs().stream()
            .mapToInt(output -> output.type().length() > 0 ? output.type().length() : 32)
            .sum();
    boolean bounded = guess || !keys.isAll();
    return new Estimate(relation.name(), bounded, late ? cost : 0, cost, rows, width);
  }

  /** Whether the key is compared for equality with a value that is not known yet. */
  private static boolean isKeyGuess(Shape shape) {
    return shape.table().isPairs()
        && shape
            .where()
            .map(where -> guessesKey(where, shape.table().relation().keyColumn()))
            .orElse(false);
  }

  private static boolean guessesKey(Condition condition, int key) {
    return switch (condition) {
      case Condition.Guess guess -> guess.column() == key && guess.comparison() == Comparison.EQUAL;
      case Condition.All all ->
          all.operands().stream().anyMatch(operand -> guessesKey(operand, key));
      default -> false;
    };
  }

  /** How many keys lie in a set: counted if there are few. */
  private static double within(Relation relation, KeySet keys, double all) {
    if (keys.onlySingles()) {
      return keys.intervals().size();
    }
    int counted = 0;
    try (var cursor = relation.open(keys, false, new BitSet())) {
      while (counted <= MOST_COUNTED && cursor.next()) {
        counted++;
      }
    }
    return counted <= MOST_COUNTED ? counted : Math.max(counted, all * RANGE_SHARE);
  }

  private static double share(Condition condition, double all) {
    return switch (condition) {
      case Condition.Always always -> always.result() == Condition.TRUE ? 1 : 0;
      case Condition.Guess guess -> guess.comparison() == Comparison.EQUAL ? 0.005 : RANGE_SHARE;
      case Condition.Numbers number -> compared(number.comparison(), all);
      case Condition.Octets octets -> compared(octets.comparison(), all);
      case Condition.OneOfNumbers set -> Math.min(1, set.sorted().length / all);
      case Condition.OneOfOctets set -> Math.min(1, set.sorted().length / all);
      case Condition.Prefix ignored -> 0.1;
      case Condition.Like ignored -> 0.1;
      case Condition.IsNull ignored -> 0.01;
      case Condition.Not not -> 1 - share(not.operand(), all);
      case Condition.All and -> {
        double share = 1;
        for (Condition operand : and.operands()) {
          share *= share(operand, all);
        }
        yield share;
      }
      case Condition.Any or -> {
        double none = 1;
        for (Condition operand : or.operands()) {
          none *= 1 - share(operand, all);
        }
        yield 1 - none;
      }
    };
  }

  private static double compared(Comparison comparison, double all) {
    return switch (comparison) {
      case EQUAL -> 1 / all;
      case NOT_EQUAL -> 1 - 1 / all;
      case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> RANGE_SHARE;
    };
  }

  /** As the first line of EXPLAIN: an analyst's planner asks for one with each statement. */
  String line() {
    var line = new StringBuilder(96);
    line.append(bounded ? "Edge Seek on " : "Edge Scan on ").append(table).append("  (cost=");
    hundredths(startup, line);
    hundredths(Math.max(cost, startup), line.append(".."));
    line.append(" rows=").append(Math.round(Math.max(0, rows)));
    return line.append(" width=").append(width).append(')').toString();
  }

  /** With two digits behind the point. */
  private static void hundredths(double number, StringBuilder into) {
    long rounded = Math.round(number * 100);
    into.append(rounded / 100).append('.').append(rounded / 10 % 10).append(rounded % 10);
  }
}

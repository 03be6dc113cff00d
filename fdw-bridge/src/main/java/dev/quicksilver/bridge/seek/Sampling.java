package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.catalog.RelationCursor;
import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Expression.Literal;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.types.Type;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * TABLESAMPLE: each row by chance. The chance is a hash of the row's sequence and the seed, so the
 * same seed gives the same rows of the same data.
 *
 * @param share 0 to 1
 * @param seed of REPEATABLE, or random
 * @param sequence the column that tells rows apart
 */
record Sampling(double share, long seed, int sequence) {
  /** Reads TABLESAMPLE, if it is there. */
  static Optional<Sampling> of(Select select, Table table) {
    if (!(select.from().getFirst() instanceof Select.FromItem.Table item)
        || item.sample().isEmpty()) {
      return Optional.empty();
    }
    Select.Sample sample = item.sample().get();
    if (!sample.method().equals("system") && !sample.method().equals("bernoulli")) {
      throw new Outside("another method of sampling");
    }
    double percent = number(sample.percent());
    if (!(percent >= 0 && percent <= 100)) {
      throw new Outside("a percentage beyond 100");
    }
    long seed =
        sample
            .seed()
            .map(expression -> Double.doubleToLongBits(number(expression)))
            .orElseGet(() -> ThreadLocalRandom.current().nextLong());
    return Optional.of(new Sampling(percent / 100, seed, sequence(table.relation())));
  }

  private static double number(Expression expression) {
    if (expression instanceof Literal literal
        && (literal.kind() == Literal.Kind.INTEGER || literal.kind() == Literal.Kind.DECIMAL)) {
      double number = Double.parseDouble(Objects.requireNonNull(literal.text()));
      if (!Double.isInfinite(number)) {
        return number;
      }
    }
    throw new Outside("not a plain number");
  }

  private static int sequence(Relation relation) {
    for (int i = 0; i < relation.columns().size(); i++) {
      if (relation.columns().get(i).name().equals("sequence")
          && relation.columns().get(i).type() == Type.INT8) {
        return i;
      }
    }
    throw new Outside("a table without a sequence");
  }

  /** Whether the current row is in the sample. */
  boolean holds(RelationCursor row) {
    // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    long hash = row.number(sequence) * 0x9e3779b97f4a7c15L + seed;
    hash = (hash ^ hash >>> 30) * 0xbf58476d1ce4e5b9L;
    hash = (hash ^ hash >>> 27) * 0x94d049bb133111ebL;
    hash ^= hash >>> 31;
    return (hash >>> 11) * 0x1p-53 < share;
  }
}

package dev.quicksilver.edge;

import dev.quicksilver.storage.record.Pair;

/** Takes the pairs of a scan. */
@FunctionalInterface
public interface PairVisitor {
  /**
   * Takes the next pair.
   *
   * @return whether to go on
   */
  boolean visit(Pair pair);
}

package dev.quicksilver.benchmarks;

import java.util.Arrays;

/**
 * A measurement of two sides that take turns, so that what else the machine does meets both. Which
 * one comes first changes from round to round; a first round does not count.
 *
 * @param ours median of our figures; more is better
 * @param theirs median of the peer's
 */
record Duel(double ours, double theirs) {
  /** One side's figure. */
  @FunctionalInterface
  interface Side {
    double measure() throws Exception;
  }

  /** Lets the two sides take turns. */
  static Duel of(int rounds, Side ours, Side theirs) throws Exception {
    double[] our = new double[rounds];
    double[] their = new double[rounds];
    for (int round = -1; round < rounds; round++) {
      boolean first = round % 2 == 0;
      double one = (first ? ours : theirs).measure();
      double other = (first ? theirs : ours).measure();
      if (round >= 0) {
        our[round] = first ? one : other;
        their[round] = first ? other : one;
      }
    }
    return new Duel(median(our), median(their));
  }

  private static double median(double[] figures) {
    Arrays.sort(figures);
    return figures[figures.length / 2];
  }

  /** Ours over the peer's. */
  double ratio() {
    return ours / theirs;
  }
}

package dev.quicksilver.benchmarks;

import java.util.Arrays;

/**
 * What a churn came to.
 *
 * @param firstP50 of a commit in the first tenth, ms; the others likewise
 * @param rate MB of values written in a second
 * @param kept bytes of live values and log at the end
 * @param file bytes of the file at the end
 * @param refused commits refused with a full map
 * @param wronglyRefused of these, how many would have fitted
 */
record Churned(
    double firstP50,
    double firstP99,
    double lastP50,
    double lastP99,
    double rate,
    long kept,
    long file,
    int refused,
    int wronglyRefused) {
  private static final int TENTHS = 10;

  static Churned of(double[] millis, double rate, long kept, long file, int refused) {
    int tenth = millis.length / TENTHS;
    double[] first = Arrays.copyOf(millis, tenth);
    double[] last = Arrays.copyOfRange(millis, millis.length - tenth, millis.length);
    return new Churned(
        quantile(first, 0.5),
        quantile(first, 0.99),
        quantile(last, 0.5),
        quantile(last, 0.99),
        rate,
        kept,
        file,
        refused,
        0);
  }

  /** Takes what the C peer prints. */
  static Churned ofPeer(double[] figures) {
    return new Churned(
        figures[0],
        figures[1],
        figures[2],
        figures[3],
        figures[4],
        (long) figures[5],
        (long) figures[6],
        (int) figures[7],
        0);
  }

  Churned with(int wrong) {
    return new Churned(firstP50, firstP99, lastP50, lastP99, rate, kept, file, refused, wrong);
  }

  double fileOverKept() {
    return file / (double) kept;
  }

  double lastOverFirst() {
    return lastP99 / firstP99;
  }

  void print(String what) {
    System.out.printf(
        "%-34s file %.2f × kept, first tenth p50 %.2f p99 %.2f ms, last tenth p50 %.2f p99 %.2f ms,"
            + " %.0f MB/s, %d refused%n",
        what, fileOverKept(), firstP50, firstP99, lastP50, lastP99, rate, refused);
  }

  static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted.length == 0 ? 0 : sorted[(int) ((sorted.length - 1) * share)];
  }
}

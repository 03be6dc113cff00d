package dev.quicksilver.benchmarks;

/** One bar of an issue: a measurement with a limit. */
interface Bar {
  /** Returns its name, as in {@code main.kill}. */
  String name();

  /** Returns one line that says what is measured. */
  String description();

  /** Measures; says on standard output how the figure comes about. */
  Outcome run(Settings settings) throws Exception;

  /**
   * How to measure.
   *
   * @param quick a smaller run for continuous integration
   * @param seed of every random choice
   */
  record Settings(boolean quick, long seed) {
    /** Returns the first for a full run, the second for a quick one. */
    int size(int full, int small) {
      return quick ? small : full;
    }
  }

  /**
   * What came out.
   *
   * @param figure with its unit
   * @param limit the bar, with its comparison, as in {@code < 50 ms}
   */
  record Outcome(String figure, String limit, boolean pass) {}
}

package dev.quicksilver.benchmarks;

/** One bar of an issue: a measurement with a limit. */
interface Bar {
  /** What a figure depends on, and so when a failure counts. */
  enum Kind {
    /** On the code alone: it holds on every machine, however busy, in quick runs too. */
    PROOF,
    /** On the machine and what else it does: a quick run is too short to judge it. */
    SPEED,
    /**
     * On the code alone, but it runs the build or the demo of a clean clone, so no build runs it.
     */
    BUILD
  }

  /** Returns its name, as in {@code main.kill}. */
  String name();

  /** Returns one line that says what is measured. */
  String description();

  /** Returns what its figure depends on. */
  Kind kind();

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

package dev.quicksilver.storage;

/**
 * Is told, on the verifying thread and about every thousand steps, how far verification has come.
 */
@FunctionalInterface
public interface VerifyProgress {
  /** What is being verified. */
  enum Stage {
    /** Pairs, of all live pairs. */
    PAIRS,
    /** Entries, of all entries of the retained log. */
    LOG
  }

  /** Says that so many of so many are done; the total may grow while the database is written to. */
  void at(Stage stage, long done, long total);

  /** Tells nobody. */
  VerifyProgress NONE = (stage, done, total) -> {};
}

package dev.quicksilver.storage.copy;

/**
 * Is told, on the verifying thread and about every thousand steps, how far verification, or a copy
 * before it, has come.
 */
@FunctionalInterface
public interface VerifyProgress {
  /** What is being done. */
  enum Stage {
    /** Entries of the source's log that have been copied, of all that it keeps. */
    COPY_LOG,
    /** Pairs that have been copied, of all live pairs of the source. */
    COPY,
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

package dev.quicksilver.loader;

import dev.quicksilver.loader.read.Expirations;

/** Hears how far a load has come, on the thread that loads, about once a batch. */
public interface LoadListener {
  /**
   * A load that ended early goes on: what was committed is read over first.
   *
   * @param before what became of the records that are committed
   */
  void resumes(Counts before);

  /**
   * A batch is committed.
   *
   * @param counts up to now
   * @param bytes of the sources that were read, as they are stored
   */
  void committed(Counts counts, long bytes);

  /** All sources were read; records of theirs expire, or none. */
  default void expirations(Expirations of) {}
}

package dev.quicksilver.loader;

import dev.quicksilver.loader.read.Expirations;

/** Hears how far a load has come, on the thread that loads, about once a batch. */
public interface LoadListener {
  /**
   * A load that ended early goes on: what was committed is read over first.
   *
   * @param before what became of the records that are committed
   */
  default void resumes(Counts before) {}

  /**
   * A batch is committed.
   *
   * @param counts up to now
   * @param bytes of the sources that were read, as they are stored
   */
  default void committed(Counts counts, long bytes) {}

  /**
   * Pairs of the database were looked for in the sources, and those that these lack deleted.
   *
   * @param looked how many up to now
   * @param deleted how many of them were deleted
   */
  default void deleting(long looked, long deleted) {}

  /**
   * The load waits for the root or for replicas: heard a few times a second while it lasts.
   *
   * @param reason what it waits for
   */
  default void paused(String reason) {}

  /** All sources were read; records of theirs expire, or none. */
  default void expirations(Expirations of) {}
}

package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.wire.MessageWriter;

/** The rows of one execution. For one thread at a time. */
public interface Rows extends AutoCloseable {
  /** Moves to the next row; false at the end. */
  boolean next();

  /**
   * Writes the fields of the current row, each with its length.
   *
   * @param binary for each column whether it goes out in binary format instead of text
   */
  void write(MessageWriter out, boolean[] binary);

  /** About how many bytes the current row takes, where that is many. */
  long bytes();

  @Override
  void close();
}

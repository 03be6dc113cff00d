package dev.quicksilver.bridge;

import dev.quicksilver.bridge.wire.MessageWriter;
import java.io.OutputStream;

/**
 * Rows that a cursor has made before somebody asked for them, as the messages in which they will
 * go. Not thread-safe.
 */
final class RowsAhead {
  /** What the buffer may come to. */
  static final int BUFFER_BYTES = 256 << 10;

  /** A row whose texts are longer is not made ahead. */
  static final int MOST_ROW_BYTES = 48 << 10;

  /** No more than this is made ahead, but for the row with which it grows so large. */
  static final int MOST_BYTES = 192 << 10;

  private static final int TYPE = 1;

  private final MessageWriter made = new MessageWriter(OutputStream.nullOutputStream());
  private int at;
  private long count;

  /** Where rows are written, each followed by {@link #add}; only while there are none to take. */
  MessageWriter writer() {
    return made;
  }

  /** A row has been written. */
  void add() {
    count++;
  }

  /** Whether no more rows are to be made. */
  boolean isFull() {
    return made.pending() >= MOST_BYTES;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /**
   * Takes up to {@code most} rows, and returns how many.
   *
   * @param discard does not send them
   */
  long take(long most, boolean discard, MessageWriter out) {
    long taken = Math.min(most, count);
    int end = at;
    for (long i = 0; i < taken; i++) {
      end += TYPE + made.int32At(end + TYPE);
    }
    if (!discard) {
      made.copyTo(out, at, end);
    }
    at = end;
    count -= taken;
    if (count == 0) {
      clear();
    }
    return taken;
  }

  /** Drops all rows. */
  void clear() {
    made.clear();
    at = 0;
    count = 0;
  }
}

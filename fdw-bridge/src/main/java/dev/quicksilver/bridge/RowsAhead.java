package dev.quicksilver.bridge;

import dev.quicksilver.bridge.wire.MessageWriter;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Rows that a cursor has made before somebody asked for them, as the messages in which they will
 * go. Not thread-safe.
 */
final class RowsAhead {
  /** No more than this is made ahead, but for the row with which it grows so large. */
  static final int MOST_BYTES = 1 << 20;

  private static final int TYPE = 1;

  private final MessageWriter writer = new MessageWriter(OutputStream.nullOutputStream());
  private byte[] messages = new byte[0];
  private int at;
  private long count;

  /** Where the rows are written; {@link #filled} when they are. */
  MessageWriter writer() {
    return writer;
  }

  /** So many rows have been written; there were none before. */
  void filled(long rows) {
    messages = writer.takeBack(0);
    at = 0;
    count = rows;
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
    int end = taken == count ? messages.length : at;
    if (taken < count) {
      for (long i = 0; i < taken; i++) {
        end += TYPE + length(end + TYPE);
      }
    }
    if (!discard) {
      out.framed(messages, at, end - at);
    }
    at = end;
    count -= taken;
    if (count == 0) {
      messages = new byte[0];
      at = 0;
    }
    return taken;
  }

  /** The length of a message, which counts itself. */
  private int length(int from) {
    return ByteBuffer.wrap(messages).getInt(from);
  }
}

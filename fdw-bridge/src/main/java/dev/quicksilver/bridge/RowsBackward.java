package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.io.OutputStream;
import java.util.Arrays;

/** Rows that are read forward and sent in the opposite order. They are kept in memory meanwhile. */
final class RowsBackward {
  private static final int MOST_BYTES = 16 << 20;

  private final long count;

  /** The next so many rows of a cursor. */
  RowsBackward(long count) {
    this.count = count;
  }

  /**
   * Reads and sends them.
   *
   * @throws PgException 54000 if they are too many to be kept
   */
  void send(Portal portal, MessageWriter out, Runnable flush) {
    var kept = new MessageWriter(OutputStream.nullOutputStream());
    int[] ends = new int[64];
    int rows = 0;
    while (rows < count && portal.writeNext(kept)) {
      if (kept.pending() > MOST_BYTES) {
        throw PgException.of(
                SqlState.PROGRAM_LIMIT_EXCEEDED,
                "a backward FETCH of more than " + (MOST_BYTES >> 20) + " MiB")
            .hint("Fetch fewer rows at a time, or ORDER BY in the other direction.");
      }
      if (rows == ends.length) {
        ends = Arrays.copyOf(ends, 2 * rows);
      }
      ends[rows++] = kept.pending();
    }
    for (int row = rows - 1; row >= 0; row--) {
      kept.copyTo(out, row == 0 ? 0 : ends[row - 1], ends[row]);
      if (out.pending() > Portal.FLUSH_AT) {
        flush.run();
      }
    }
  }
}

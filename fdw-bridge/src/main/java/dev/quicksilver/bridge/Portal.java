package dev.quicksilver.bridge;

import dev.quicksilver.bridge.seek.Interruption;
import dev.quicksilver.bridge.seek.Rows;
import dev.quicksilver.bridge.seek.Seek;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import org.jspecify.annotations.Nullable;

/** A running seek: a cursor or a protocol portal. Moves forward only. */
final class Portal implements AutoCloseable {
  private static final int FLUSH_AT = 1 << 16;

  private final Seek seek;
  private final Interruption interruption;
  private final boolean[] binary;
  private @Nullable Rows rows;
  private boolean exhausted;
  private long position;
  private int depth;

  /**
   * Makes a portal that has not begun.
   *
   * @param binary the columns that go out in binary format
   * @param depth how many savepoints must live for it to live
   */
  Portal(Seek seek, Interruption interruption, boolean[] binary, int depth) {
    this.seek = seek;
    this.interruption = interruption;
    this.binary = binary;
    this.depth = depth;
  }

  int depth() {
    return depth;
  }

  /** Savepoints beyond the given number were released: the cursor belongs to the one around. */
  void rise(int savepoints) {
    depth = Math.min(depth, savepoints);
  }

  Seek seek() {
    return seek;
  }

  /** Which columns go out in binary format. */
  boolean[] binary() {
    return binary;
  }

  boolean exhausted() {
    return exhausted;
  }

  /** Rows given so far. */
  long position() {
    return position;
  }

  /** Starts again from the first row. */
  void rewind() {
    close();
    exhausted = false;
    position = 0;
  }

  /**
   * Sends up to {@code count} rows; returns how many.
   *
   * @param discard only counts them
   */
  long send(long count, boolean discard, MessageWriter out, Runnable flush) {
    Rows source = rows;
    if (source == null) {
      if (exhausted || count == 0) {
        return 0;
      }
      source = seek.open(interruption);
      rows = source;
    }
    int columns = binary.length;
    long sent = 0;
    while (sent < count) {
      if (!source.next()) {
        exhausted = true;
        close();
        break;
      }
      sent++;
      if (!discard) {
        out.begin('D');
        out.int16(columns);
        source.write(out, binary);
        out.end();
        if (out.pending() > FLUSH_AT) {
          flush.run();
        }
      }
    }
    position += sent;
    return sent;
  }

  static PgException backward() {
    return PgException.of(SqlState.INVALID_CURSOR_STATE, "cursor can only scan forward")
        .hint("Declare it with SCROLL option to enable backward scan.");
  }

  @Override
  public void close() {
    Rows source = rows;
    rows = null;
    if (source != null) {
      source.close();
    }
  }
}

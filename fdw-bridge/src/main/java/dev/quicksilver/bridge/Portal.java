package dev.quicksilver.bridge;

import dev.quicksilver.bridge.engine.Query;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import org.jspecify.annotations.Nullable;

/** A running query: a cursor or a protocol portal. Moves forward only. */
final class Portal implements AutoCloseable {
  private final Query query;
  private Query.@Nullable Rows rows;
  private boolean exhausted;
  private long position;

  Portal(Query query) {
    this.query = query;
  }

  Query query() {
    return query;
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
  long send(long count, boolean discard, MessageWriter out, Flusher flusher) {
    Query.Rows source = rows;
    if (source == null) {
      if (exhausted || count == 0) {
        return 0;
      }
      source = query.open();
      rows = source;
    }
    int columns = query.names().size();
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
        source.write(out);
        out.end();
        if (out.pending() > 1 << 16) {
          flusher.flush();
        }
      }
    }
    position += sent;
    return sent;
  }

  /** Sends what is pending. */
  interface Flusher {
    void flush();
  }

  static PgException backward() {
    return PgException.of(SqlState.INVALID_CURSOR_STATE, "cursor can only scan forward")
        .hint("Declare it again to read from the start.");
  }

  @Override
  public void close() {
    Query.Rows source = rows;
    rows = null;
    if (source != null) {
      source.close();
    }
  }
}

package dev.quicksilver.bridge;

import dev.quicksilver.bridge.engine.Query;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A running query: a cursor or a protocol portal. Moves forward only. */
final class Portal implements AutoCloseable {
  private final Query query;
  private Query.@Nullable Rows rows;
  private boolean exhausted;
  private long position;
  private @Nullable BinaryResults binary;
  private int depth;

  Portal(Query query) {
    this(query, 0);
  }

  /**
   * Makes a cursor.
   *
   * @param depth how many savepoints were open when it was declared
   */
  Portal(Query query, int depth) {
    this.query = query;
    this.depth = depth;
  }

  /** Columns go out as this says instead of as text. */
  void encode(BinaryResults results) {
    binary = results;
  }

  /** How many savepoints must live for this cursor to live. */
  int depth() {
    return depth;
  }

  /** Savepoints beyond the given number were released: the cursor belongs to the one around. */
  void rise(int savepoints) {
    depth = Math.min(depth, savepoints);
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
        write(source, out);
        out.end();
        if (out.pending() > 1 << 16) {
          flusher.flush();
        }
      }
    }
    position += sent;
    return sent;
  }

  private void write(Query.Rows source, MessageWriter out) {
    BinaryResults encoder = binary;
    if (encoder == null) {
      source.write(out);
      return;
    }
    int start = out.mark();
    source.write(out);
    ByteBuffer fields = ByteBuffer.wrap(out.takeBack(start));
    for (int column = 0; fields.hasRemaining(); column++) {
      int length = fields.getInt();
      if (length < 0) {
        out.int32(-1);
        continue;
      }
      byte[] field = new byte[length];
      fields.get(field);
      byte[] encoded = encoder.binary(column) ? encoder.encode(column, field) : field;
      out.field(encoded, 0, encoded.length);
    }
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

package dev.quicksilver.loader;

import dev.quicksilver.loader.map.Mapping.Pair;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.postgresql.copy.CopyIn;

/**
 * Rows on their way into COPY's binary format (PostgreSQL documentation, COPY, "Binary Format"), 64
 * KiB at a time: nothing has to be escaped here, nor looked for by PostgreSQL, which saves it a
 * sixth of the work of a COPY. Not thread-safe.
 *
 * <pre>
 * PGCOPY \n FF \r \n 00, flags (4 bytes), length of an extension (4 bytes)
 * per row: number of columns (2 bytes), per column its length (4 bytes) and its bytes
 * FFFF
 * </pre>
 */
final class CopyRows {
  private static final byte[] SIGNATURE =
      "PGCOPY\n\u00ff\r\n\0".getBytes(StandardCharsets.ISO_8859_1);

  /** What the binary form of jsonb begins with: its version; its text follows. */
  private static final byte JSONB = 1;

  private final CopyIn copy;
  private final boolean jsonb;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);

  /**
   * Begins.
   *
   * @param jsonb whether the values are of that type
   */
  CopyRows(CopyIn copy, boolean jsonb) {
    this.copy = copy;
    this.jsonb = jsonb;
    buffer.put(SIGNATURE).putInt(0).putInt(0);
  }

  /** Begins a row. */
  void row(int columns) throws SQLException {
    room(Short.BYTES).putShort((short) columns);
  }

  /** A column of type {@code integer}. */
  void integer(int number) throws SQLException {
    room(2 * Integer.BYTES).putInt(Integer.BYTES).putInt(number);
  }

  /** A column of type {@code boolean}. */
  void bool(boolean is) throws SQLException {
    room(Integer.BYTES + 1).putInt(1).put((byte) (is ? 1 : 0));
  }

  /** The columns of a key and a value. */
  void pair(Pair pair) throws SQLException {
    pair(
        ByteBuffer.wrap(pair.key()),
        0,
        pair.key().length,
        ByteBuffer.wrap(pair.value()),
        0,
        pair.value().length);
  }

  /** The same, where they are parts of something larger. */
  void pair(
      ByteBuffer key, int keyFrom, int keyLength, ByteBuffer value, int valueFrom, int valueLength)
      throws SQLException {
    room(Integer.BYTES).putInt(keyLength);
    bytes(key, keyFrom, keyLength);
    if (jsonb) {
      room(Integer.BYTES + 1).putInt(valueLength + 1).put(JSONB);
    } else {
      room(Integer.BYTES).putInt(valueLength);
    }
    bytes(value, valueFrom, valueLength);
  }

  private void bytes(ByteBuffer in, int from, int length) throws SQLException {
    int done = 0;
    while (done < length) {
      int part = Math.min(length - done, room(1).remaining());
      buffer.put(buffer.position(), in, from + done, part);
      buffer.position(buffer.position() + part);
      done += part;
    }
  }

  private ByteBuffer room(int bytes) throws SQLException {
    if (buffer.remaining() < bytes) {
      flush();
    }
    return buffer;
  }

  /** Ends the last row. */
  void end() throws SQLException {
    room(Short.BYTES).putShort((short) -1);
    flush();
  }

  private void flush() throws SQLException {
    copy.writeToCopy(buffer.array(), 0, buffer.position());
    buffer.clear();
  }
}

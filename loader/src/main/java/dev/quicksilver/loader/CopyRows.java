package dev.quicksilver.loader;

import dev.quicksilver.loader.map.Mapping;
import java.sql.SQLException;
import org.postgresql.copy.CopyIn;

/** Rows on their way into COPY's text format, 64 KiB at a time. Not thread-safe. */
final class CopyRows {
  private static final byte[] HEX = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };

  private final CopyIn copy;
  private final byte[] bytes = new byte[1 << 16];
  private int length;

  CopyRows(CopyIn copy) {
    this.copy = copy;
  }

  void number(long number) throws SQLException {
    for (byte digit : Long.toString(number).getBytes(java.nio.charset.StandardCharsets.US_ASCII)) {
      put(digit);
    }
  }

  void column(byte[] content, Mapping.Type type) throws SQLException {
    if (type == Mapping.Type.BYTEA) {
      put('\\');
      put('\\');
      put('x');
      for (byte b : content) {
        put(HEX[b >> 4 & 15]);
        put(HEX[b & 15]);
      }
      return;
    }
    // A byte of a UTF-8 sequence is never one of those that need an escape.
    for (byte b : content) {
      switch (b) {
        case '\\' -> escape('\\');
        case '\t' -> escape('t');
        case '\n' -> escape('n');
        case '\r' -> escape('r');
        default -> put(b);
      }
    }
  }

  void nextColumn() throws SQLException {
    put('\t');
  }

  void endRow() throws SQLException {
    put('\n');
  }

  void flush() throws SQLException {
    copy.writeToCopy(bytes, 0, length);
    length = 0;
  }

  private void escape(char c) throws SQLException {
    put('\\');
    put(c);
  }

  private void put(int b) throws SQLException {
    if (length == bytes.length) {
      flush();
    }
    bytes[length++] = (byte) b;
  }
}

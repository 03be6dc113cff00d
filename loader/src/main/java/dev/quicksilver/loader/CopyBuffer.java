package dev.quicksilver.loader;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import org.postgresql.copy.CopyIn;

/** Rows on their way into COPY's text format. Not thread-safe. */
final class CopyBuffer {
  private static final int FLUSH_BYTES = 1 << 16;

  private final CopyIn copy;
  private byte[] bytes = new byte[2 * FLUSH_BYTES];
  private int length;

  CopyBuffer(CopyIn copy) {
    this.copy = copy;
  }

  void row(byte[] key, byte[] value) throws SQLException {
    column(key);
    put('\t');
    column(value);
    put('\n');
    if (length >= FLUSH_BYTES) {
      flush();
    }
  }

  void flush() throws SQLException {
    copy.writeToCopy(bytes, 0, length);
    length = 0;
  }

  private void column(byte[] text) {
    // A byte of a UTF-8 sequence is never one of those that need an escape.
    for (byte b : text) {
      switch (b) {
        case '\\' -> escape('\\');
        case '\t' -> escape('t');
        case '\n' -> escape('n');
        case '\r' -> escape('r');
        default -> put(b);
      }
    }
  }

  private void escape(char c) {
    put('\\');
    put(c);
  }

  private void put(int b) {
    if (length == bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.addExact(length, Math.max(length / 2, FLUSH_BYTES)));
    }
    bytes[length++] = (byte) b;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

package dev.quicksilver.loader.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Rows as PostgreSQL's COPY text, made as they are read; the first line names the columns. Not
 * thread-safe.
 */
abstract class RowsStream extends InputStream {
  private static final int ENOUGH = 1 << 16;

  private final Made made = new Made();
  private int at;
  private boolean ended;

  /** Gives access to its bytes. */
  private static final class Made extends ByteArrayOutputStream {
    int copy(int from, byte[] into, int offset, int length) {
      int n = Math.min(length, count - from);
      System.arraycopy(buf, from, into, offset, n);
      return n;
    }
  }

  /**
   * Writes some more: a row, or of a large one a piece.
   *
   * @return false if there is nothing more
   */
  abstract boolean more(ByteArrayOutputStream to) throws IOException;

  /** Writes what stands before the first row. */
  final ByteArrayOutputStream first() {
    return made;
  }

  @Override
  public final int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public final int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (at == made.size()) {
      at = 0;
      made.reset();
      while (!ended && made.size() < ENOUGH) {
        ended = !more(made);
      }
      if (made.size() == 0) {
        return -1;
      }
    }
    int n = made.copy(at, into, offset, length);
    at += n;
    return n;
  }
}

package dev.quicksilver.loader.write;

import java.io.IOException;
import java.io.OutputStream;

/** The text of a column in PostgreSQL's COPY format. Stateless. */
public final class TsvText {
  private TsvText() {}

  /**
   * Writes a column.
   *
   * @param text whether it is UTF-8: of other bytes only printable ASCII stands as it is
   */
  public static void column(OutputStream out, boolean text, byte[] bytes, int offset, int length)
      throws IOException {
    int from = offset;
    int end = offset + length;
    for (int at = offset; at < end; at++) {
      byte b = bytes[at];
      char letter =
          switch (b) {
            case '\\' -> '\\';
            case '\t' -> 't';
            case '\n' -> 'n';
            case '\r' -> 'r';
            default -> 0;
          };
      if (letter != 0 || b == 0 || (!text && (b < ' ' || b == 0x7f))) {
        out.write(bytes, from, at - from);
        from = at + 1;
        out.write('\\');
        if (letter != 0) {
          out.write(letter);
        } else {
          out.write('0' + ((b >> 6) & 3));
          out.write('0' + ((b >> 3) & 7));
          out.write('0' + (b & 7));
        }
      }
    }
    out.write(bytes, from, end - from);
  }
}

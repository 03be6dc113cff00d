package dev.quicksilver.loader.write;

import java.io.IOException;
import java.io.OutputStream;

/**
 * PostgreSQL's COPY text. Of what is not text only printable ASCII stands as it is; nor may the
 * first byte of the file be one of those that a byte order mark or packed data begin with.
 */
final class TsvWriter implements PairWriter {
  private final OutputStream out;
  private final boolean textKey;
  private final boolean textValue;
  private boolean begun;

  TsvWriter(OutputStream out, boolean textKey, boolean textValue) {
    this.out = out;
    this.textKey = textKey;
    this.textValue = textValue;
  }

  @Override
  public void write(byte[] key, int keyLength, byte[] value, int offset, int length)
      throws IOException {
    column(textKey && begun, key, 0, keyLength);
    begun = true;
    out.write('\t');
    column(textValue, value, offset, length);
    out.write('\n');
  }

  private void column(boolean text, byte[] bytes, int offset, int length) throws IOException {
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

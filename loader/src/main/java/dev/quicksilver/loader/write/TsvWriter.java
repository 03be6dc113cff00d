package dev.quicksilver.loader.write;

import java.io.IOException;
import java.io.OutputStream;

/**
 * PostgreSQL's COPY text. The first byte of the file may be none of those that a byte order mark or
 * packed data begin with.
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
    TsvText.column(out, textKey && begun, key, 0, keyLength);
    begun = true;
    out.write('\t');
    TsvText.column(out, textValue, value, offset, length);
    out.write('\n');
  }
}

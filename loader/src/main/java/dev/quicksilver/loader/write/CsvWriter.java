package dev.quicksilver.loader.write;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * RFC 4180 with a first line {@code key,value}; lines end with LF, as files of this machine do.
 * What is not text is base64.
 */
final class CsvWriter implements PairWriter {
  private final OutputStream out;
  private final boolean textKey;
  private final boolean textValue;

  CsvWriter(OutputStream out, boolean textKey, boolean textValue) {
    this.out = out;
    this.textKey = textKey;
    this.textValue = textValue;
  }

  @Override
  public void begin() throws IOException {
    out.write("key,value\n".getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void write(byte[] key, int keyLength, byte[] value, int offset, int length)
      throws IOException {
    column(textKey, key, 0, keyLength);
    out.write(',');
    column(textValue, value, offset, length);
    out.write('\n');
  }

  private void column(boolean text, byte[] bytes, int offset, int length) throws IOException {
    int end = offset + length;
    if (!text) {
      out.write(Base64.getEncoder().encode(Arrays.copyOfRange(bytes, offset, end)));
      return;
    }
    if (!needsQuotes(bytes, offset, end)) {
      out.write(bytes, offset, length);
      return;
    }
    out.write('"');
    int from = offset;
    for (int at = offset; at < end; at++) {
      if (bytes[at] == '"') {
        out.write(bytes, from, at + 1 - from);
        from = at; // so that it is written again
      }
    }
    out.write(bytes, from, end - from);
    out.write('"');
  }

  private static boolean needsQuotes(byte[] bytes, int offset, int end) {
    for (int at = offset; at < end; at++) {
      byte b = bytes[at];
      if (b == ',' || b == '"' || b == '\n' || b == '\r') {
        return true;
      }
    }
    return end > offset && (bytes[offset] <= ' ' || bytes[end - 1] <= ' ' || bytes[offset] == '#');
  }
}

package dev.quicksilver.loader.write;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * A JSON object a line, with the members key and value. A value that is JSON stands there as it is,
 * but that a line break between its parts is a blank; what is not text is base64.
 */
final class JsonLinesWriter implements PairWriter {
  private static final byte[] KEY = "{\"key\": ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] VALUE = ", \"value\": ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] END = "}\n".getBytes(StandardCharsets.UTF_8);

  private final OutputStream out;
  private final boolean textKey;
  private final boolean textValue;
  private final boolean jsonValue;

  JsonLinesWriter(OutputStream out, boolean textKey, boolean textValue, boolean jsonValue) {
    this.out = out;
    this.textKey = textKey;
    this.textValue = textValue;
    this.jsonValue = jsonValue;
  }

  @Override
  public void write(byte[] key, int keyLength, byte[] value, int offset, int length)
      throws IOException {
    out.write(KEY);
    string(textKey, key, 0, keyLength);
    out.write(VALUE);
    if (jsonValue) {
      json(value, offset, length);
    } else {
      string(textValue, value, offset, length);
    }
    out.write(END);
  }

  private void json(byte[] value, int offset, int length) throws IOException {
    for (int at = offset; at < offset + length; at++) {
      byte b = value[at];
      out.write(b == '\n' || b == '\r' ? ' ' : b); // within a string none stands as itself
    }
  }

  private void string(boolean text, byte[] bytes, int offset, int length) throws IOException {
    out.write('"');
    if (text) {
      String content = new String(bytes, offset, length, StandardCharsets.UTF_8);
      out.write(
          new String(JsonStringEncoder.getInstance().quoteAsString(content))
              .getBytes(StandardCharsets.UTF_8));
    } else {
      out.write(Base64.getEncoder().encode(Arrays.copyOfRange(bytes, offset, offset + length)));
    }
    out.write('"');
  }
}

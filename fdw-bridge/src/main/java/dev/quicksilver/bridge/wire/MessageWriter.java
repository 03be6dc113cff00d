package dev.quicksilver.bridge.wire;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * Builds backend messages in one growing buffer.
 *
 * <p>{@link #begin} … {@link #end} frame a message; {@link #flush} sends what has been built. The
 * buffer is reused, and given back to the collector when a single huge row made it large.
 */
public final class MessageWriter {
  private static final int KEEP = 1 << 20;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final OutputStream out;
  private Supplier<Charset> charset = () -> StandardCharsets.UTF_8;
  private byte[] buffer = new byte[8192];
  private int length;
  private int messageStart;

  /** Messages go to the stream on {@link #flush}. */
  public MessageWriter(OutputStream out) {
    this.out = out;
  }

  /** In which {@link #string} encodes, asked for each; UTF-8 until this is called. */
  public void charset(Supplier<Charset> current) {
    charset = current;
  }

  /** Starts a message of a type. */
  public void begin(char type) {
    ensure(5);
    buffer[length++] = (byte) type;
    messageStart = length;
    length += 4;
  }

  /** Starts a message whose length is known; its body follows by {@link #framed}. */
  public void begin(char type, int bodyLength) {
    ensure(5);
    buffer[length++] = (byte) type;
    putInt(length, bodyLength + 4);
    length += 4;
  }

  /** Fills in the length of the message begun last. */
  public void end() {
    int size = length - messageStart;
    putInt(messageStart, size);
  }

  /** Drops the message begun last. */
  public void abandon() {
    length = messageStart - 1;
  }

  /** Bytes waiting for {@link #flush}. */
  public int pending() {
    return length;
  }

  /** Sends everything. */
  public void flush() throws IOException {
    out.write(buffer, 0, length);
    out.flush();
    clear();
  }

  /** Where the next byte goes; valid until {@link #flush}. */
  public int mark() {
    return length;
  }

  /** Gives another writer what lies between two marks. */
  public void copyTo(MessageWriter other, int from, int to) {
    other.framed(buffer, from, to - from);
  }

  /** The number that was written at a mark. */
  public int int32At(int mark) {
    return ByteBuffer.wrap(buffer).getInt(mark);
  }

  /** Drops everything. */
  public void clear() {
    length = 0;
    if (buffer.length > KEEP) {
      buffer = new byte[8192];
    }
  }

  /** Takes back what was written since a mark. */
  public byte[] takeBack(int mark) {
    byte[] taken = Arrays.copyOfRange(buffer, mark, length);
    length = mark;
    return taken;
  }

  private void ensure(int more) {
    if (buffer.length - length < more) {
      long wanted =
          Math.max((long) length + more, Math.min(2L * buffer.length, Integer.MAX_VALUE - 8));
      if (wanted > Integer.MAX_VALUE - 8) {
        throw dev.quicksilver.bridge.sql.PgException.of(
            dev.quicksilver.bridge.sql.SqlState.PROGRAM_LIMIT_EXCEEDED,
            "a row is too large to send");
      }
      buffer = Arrays.copyOf(buffer, (int) wanted);
    }
  }

  private void putInt(int at, int value) {
    buffer[at] = (byte) (value >>> 24);
    buffer[at + 1] = (byte) (value >>> 16);
    buffer[at + 2] = (byte) (value >>> 8);
    buffer[at + 3] = (byte) value;
  }

  /** One byte. */
  public void int8(int value) {
    ensure(1);
    buffer[length++] = (byte) value;
  }

  /** Two bytes. */
  public void int16(int value) {
    ensure(2);
    buffer[length++] = (byte) (value >>> 8);
    buffer[length++] = (byte) value;
  }

  /** Four bytes. */
  public void int32(int value) {
    ensure(4);
    putInt(length, value);
    length += 4;
  }

  /** Eight bytes. */
  public void int64(long value) {
    ensure(8);
    putInt(length, (int) (value >>> 32));
    putInt(length + 4, (int) value);
    length += 8;
  }

  /** Raw bytes. */
  public void bytes(byte[] bytes, int from, int count) {
    ensure(count);
    System.arraycopy(bytes, from, buffer, length, count);
    length += count;
  }

  /** Part of messages that are framed already, as they came from another server. */
  public void framed(byte[] bytes, int from, int count) {
    bytes(bytes, from, count);
  }

  /** A zero-terminated string. */
  public void string(String text) {
    byte[] encoded = text.getBytes(charset.get());
    bytes(encoded, 0, encoded.length);
    int8(0);
  }

  /** A field of raw bytes. */
  public void field(byte[] bytes, int from, int count) {
    int32(count);
    bytes(bytes, from, count);
  }

  /** A field of text. */
  public void textField(String text) {
    int size = text.length();
    ensure(4 + size);
    int start = length;
    for (int i = 0; i < size; i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        field(utf8, 0, utf8.length);
        return;
      }
      buffer[start + 4 + i] = (byte) c;
    }
    putInt(start, size);
    length = start + 4 + size;
  }

  /** A field of bytes in bytea's hex format. */
  public void hexField(byte[] bytes, int from, int count) {
    int size = Math.addExact(2, Math.multiplyExact(2, count));
    int32(size);
    ensure(size);
    buffer[length++] = '\\';
    buffer[length++] = 'x';
    for (int i = from; i < from + count; i++) {
      buffer[length++] = HEX[bytes[i] >> 4 & 15];
      buffer[length++] = HEX[bytes[i] & 15];
    }
  }

  /** A field with a decimal number. */
  public void longField(long value) {
    if (value == Long.MIN_VALUE) {
      textField("-9223372036854775808");
      return;
    }
    ensure(24);
    int start = length;
    length += 4;
    long rest = Math.abs(value);
    if (value < 0) {
      buffer[length++] = '-';
    }
    int digits = 1;
    for (long limit = 10; digits < 19 && rest >= limit; limit *= 10) {
      digits++;
    }
    for (int i = length + digits - 1; i >= length; i--) {
      buffer[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
    putInt(start, length - start - 4);
  }
}

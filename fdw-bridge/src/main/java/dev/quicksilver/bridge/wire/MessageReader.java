package dev.quicksilver.bridge.wire;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/** Reads frontend messages, each bounded in length. */
public final class MessageReader {
  private final DataInputStream in;
  private final int maxLength;
  private Supplier<Charset> charset = () -> StandardCharsets.UTF_8;
  private ByteBuffer body = ByteBuffer.allocate(0);

  /** Longer messages than {@code maxLength} bytes are a protocol violation. */
  public MessageReader(InputStream in, int maxLength) {
    this.in = new DataInputStream(in);
    this.maxLength = maxLength;
  }

  /** In which texts are encoded, asked for each; UTF-8 until this is called. */
  public void charset(Supplier<Charset> current) {
    charset = current;
  }

  /** Reads the type of the next message, or -1 at the end of the stream. */
  public int type() throws IOException {
    return in.read();
  }

  /** Reads the rest of a message: its length and body. Fields are then read from the body. */
  public void body(int limit) throws IOException {
    int length = in.readInt() - 4;
    if (length < 0 || length > Math.min(limit, maxLength)) {
      throw violation("invalid message length " + (length + 4L));
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the client vanished within a message");
    }
    body = ByteBuffer.wrap(bytes);
  }

  /** The whole body of the message, read or not; never change it. */
  public byte[] whole() {
    return body.array();
  }

  /** Bytes of the body not yet read. */
  public int remaining() {
    return body.remaining();
  }

  /** Two bytes, signed. */
  public int int16() {
    need(2);
    return body.getShort();
  }

  /** Four bytes, signed. */
  public int int32() {
    need(4);
    return body.getInt();
  }

  /** One byte. */
  public int int8() {
    need(1);
    return body.get() & 0xff;
  }

  /** Raw bytes. */
  public byte[] bytes(int count) {
    if (count < 0) {
      throw violation("negative length in a message");
    }
    need(count);
    byte[] bytes = new byte[count];
    body.get(bytes);
    return bytes;
  }

  /** A zero-terminated string. */
  public String string() {
    int start = body.position();
    int every = 0;
    while (body.hasRemaining()) {
      byte one = body.get();
      every |= one;
      if (one == 0) {
        int length = body.position() - 1 - start;
        if (every >= 0) { // ASCII is the same in all of them
          return new String(body.array(), start, length, StandardCharsets.ISO_8859_1);
        }
        ByteBuffer bytes = body.slice(start, length);
        Charset now = charset.get();
        return now.equals(StandardCharsets.UTF_8) ? utf8(bytes) : now.decode(bytes).toString();
      }
    }
    throw violation("a string in a message is not terminated");
  }

  /** Decodes UTF-8 strictly. */
  public static String utf8(ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw PgException.of(
          SqlState.CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\"", e);
    }
  }

  private void need(int count) {
    if (body.remaining() < count) {
      throw violation("insufficient data left in message");
    }
  }

  private static PgException violation(String message) {
    return PgException.of(SqlState.PROTOCOL_VIOLATION, message);
  }
}

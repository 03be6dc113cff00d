package dev.quicksilver.loader.read;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Makes UTF-8 of other character sets. What is malformed there becomes the byte FF, which no UTF-8
 * has, so that the record that it is in is refused and the others are not.
 */
final class Text extends InputStream {
  private static final int SIZE = 1 << 15;
  private static final byte MALFORMED = (byte) 0xff;

  private final InputStream in;
  private final CharsetDecoder decoder;
  private final ByteBuffer raw = ByteBuffer.allocate(SIZE).flip();
  private final CharBuffer characters = CharBuffer.allocate(SIZE);
  private ByteBuffer ready = ByteBuffer.allocate(0);
  private boolean atEnd;
  private boolean flushed;

  private Text(InputStream in, Charset charset) {
    this.in = in;
    decoder =
        charset
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
  }

  /**
   * Returns the text as UTF-8, without a byte order mark.
   *
   * @param stated what the text is written in, whatever its first bytes say
   */
  static InputStream open(InputStream content, Optional<Charset> stated) throws IOException {
    BufferedInputStream in = new BufferedInputStream(content, 2 * SIZE);
    in.mark(4);
    byte[] first = in.readNBytes(4);
    in.reset();
    ByteOrderMark mark = ByteOrderMark.of(first);
    Charset charset = stated.orElse(mark.charset);
    if (mark.charset.equals(charset)
        || (mark != ByteOrderMark.NONE && charset.name().equals(mark.family))) {
      in.skipNBytes(mark.length());
      charset = mark.charset;
    }
    return charset.equals(StandardCharsets.UTF_8) || charset.equals(StandardCharsets.US_ASCII)
        ? in
        : new Text(in, charset);
  }

  private enum ByteOrderMark {
    UTF_32_LE("UTF-32", Charset.forName("UTF-32LE"), 0xff, 0xfe, 0, 0),
    UTF_32_BE("UTF-32", Charset.forName("UTF-32BE"), 0, 0, 0xfe, 0xff),
    UTF_16_LE("UTF-16", StandardCharsets.UTF_16LE, 0xff, 0xfe),
    UTF_16_BE("UTF-16", StandardCharsets.UTF_16BE, 0xfe, 0xff),
    UTF_8("UTF-8", StandardCharsets.UTF_8, 0xef, 0xbb, 0xbf),
    NONE("", StandardCharsets.UTF_8);

    private final String family;
    private final Charset charset;
    private final String bytes;

    ByteOrderMark(String family, Charset charset, int... bytes) {
      this.family = family;
      this.charset = charset;
      this.bytes = new String(bytes, 0, bytes.length);
    }

    static ByteOrderMark of(byte[] first) {
      for (ByteOrderMark mark : values()) {
        if (mark.begins(first)) {
          return mark;
        }
      }
      return NONE;
    }

    private boolean begins(byte[] first) {
      for (int i = 0; i < bytes.length(); i++) {
        if (i == first.length || (first[i] & 0xff) != bytes.charAt(i)) {
          return false;
        }
      }
      return true;
    }

    int length() {
      return bytes.length();
    }
  }

  @Override
  public int read() throws IOException {
    return fill() ? ready.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, ready.remaining());
    ready.get(into, offset, count);
    return count;
  }

  private boolean fill() throws IOException {
    while (!ready.hasRemaining()) {
      if (flushed) {
        return false;
      }
      decode();
    }
    return true;
  }

  private void decode() throws IOException {
    characters.clear();
    CoderResult result = decoder.decode(raw, characters, atEnd);
    boolean malformed = result.isError();
    if (malformed) {
      raw.position(raw.position() + result.length());
    } else if (result.isUnderflow() && atEnd) {
      flushed = decoder.flush(characters).isUnderflow();
    } else if (result.isUnderflow()) {
      refill();
    }
    ByteBuffer text = StandardCharsets.UTF_8.encode(characters.flip());
    if (malformed) {
      text = ByteBuffer.allocate(text.remaining() + 1).put(text).put(MALFORMED).flip();
    }
    ready = text;
  }

  private void refill() throws IOException {
    raw.compact();
    int n = in.read(raw.array(), raw.position(), raw.remaining());
    if (n < 0) {
      atEnd = true;
    } else {
      raw.position(raw.position() + n);
    }
    raw.flip();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

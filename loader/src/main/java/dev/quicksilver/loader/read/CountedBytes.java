package dev.quicksilver.loader.read;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** Bytes that know how many of them were taken, and their SHA-256. Not thread-safe. */
final class CountedBytes implements Closeable {
  private static final int SIZE = 1 << 16;

  private final InputStream in;
  private final MessageDigest digest = Digests.sha256();
  private final byte[] buffer = new byte[SIZE];

  /** Up to where the buffer is in the digest, and where what is taken next stands in it. */
  private int digested;

  private int next;
  private int filled;
  private long offset;

  CountedBytes(InputStream in) {
    this.in = in;
  }

  /** How many were taken. */
  long offset() {
    return offset;
  }

  /** Takes one; -1 at the end. */
  int take() throws IOException {
    if (next == filled && !fill()) {
      return -1;
    }
    offset++;
    return buffer[next++] & 0xff;
  }

  /**
   * Takes some. Memory is used as they come, not as they are asked for.
   *
   * @throws EOFException if there are fewer
   */
  byte[] take(int count) throws IOException {
    byte[] bytes = new byte[Math.min(count, SIZE)];
    int length = 0;
    while (length < count) {
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, (int) Math.min(count, 2L * bytes.length));
      }
      int part = available(bytes.length - length);
      System.arraycopy(buffer, next, bytes, length, part);
      length += part;
      advance(part);
    }
    return bytes;
  }

  /**
   * Leaves some out.
   *
   * @throws EOFException if there are fewer
   */
  void skip(long count) throws IOException {
    for (long left = count; left > 0; ) {
      int part = available(left);
      left -= part;
      advance(part);
    }
  }

  private int available(long atMost) throws IOException {
    if (next == filled && !fill()) {
      throw new EOFException();
    }
    return (int) Math.min(atMost, filled - next);
  }

  private void advance(int count) {
    next += count;
    offset += count;
  }

  private boolean fill() throws IOException {
    digest.update(buffer, digested, next - digested);
    digested = 0;
    next = 0;
    filled = Math.max(0, in.read(buffer, 0, SIZE));
    return filled > 0;
  }

  /** The SHA-256 of all that were taken, as 64 hexadecimal digits. */
  String digest() {
    digest.update(buffer, digested, next - digested);
    digested = next;
    try {
      return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e); // the JDK's own can be cloned
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

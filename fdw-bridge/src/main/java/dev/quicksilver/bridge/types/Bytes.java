package dev.quicksilver.bridge.types;

import java.util.Arrays;
import java.util.HexFormat;

/** A bytea value; ordered by unsigned bytes. */
public final class Bytes implements Comparable<Bytes> {
  private final byte[] content;

  /** Keeps the array, which must not change any more. */
  public Bytes(byte[] content) {
    this.content = content;
  }

  /** The array itself, not a copy; never change it. */
  public byte[] content() {
    return content;
  }

  @Override
  public int compareTo(Bytes other) {
    return Arrays.compareUnsigned(content, other.content);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && Arrays.equals(content, that.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  @Override
  public String toString() {
    return "\\x" + HexFormat.of().formatHex(content);
  }
}

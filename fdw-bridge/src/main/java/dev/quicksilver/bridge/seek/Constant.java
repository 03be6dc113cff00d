package dev.quicksilver.bridge.seek;

import org.jspecify.annotations.Nullable;

/**
 * A constant or parameter as a column's values are: bytes or a number.
 *
 * @param bytes of a text or bytea, else empty; null for NULL
 * @param number of an integer or timestamp
 * @param guessed NULL stands for a value that is not known yet: only the estimate cares
 */
record Constant(byte @Nullable [] bytes, long number, boolean guessed) {
  /** NULL. */
  static final Constant NULL = new Constant(null, 0, false);

  /** A value that is not known yet. */
  static final Constant GUESSED = new Constant(null, 0, true);

  private static final byte[] NO_BYTES = new byte[0];

  static Constant of(byte[] bytes) {
    return new Constant(bytes, 0, false);
  }

  static Constant of(long number) {
    return new Constant(NO_BYTES, number, false);
  }

  boolean isNull() {
    return bytes == null;
  }

  /** The bytes of a text or bytea that is not NULL. */
  byte[] content() {
    byte[] content = bytes;
    if (content == null) {
      throw new IllegalStateException("NULL has no bytes");
    }
    return content;
  }
}

package dev.quicksilver.storage.record;

import java.util.Locale;

/**
 * Order-independent 128-bit sum over the live pairs: names one exact content. Each pair adds the
 * first 16 bytes of SHA-256(key length u16 ‖ key ‖ value), modulo 2^128, so that adding and taking
 * away a pair costs O(1).
 */
public record ContentDigest(long high, long low) {
  /** The digest of nothing. */
  public static final ContentDigest EMPTY = new ContentDigest(0, 0);

  /** The digest of the pairs of both, none of which is in both. */
  public ContentDigest plus(ContentDigest other) {
    long sum = low + other.low;
    long carry = Long.compareUnsigned(sum, low) < 0 ? 1 : 0;
    return new ContentDigest(high + other.high + carry, sum);
  }

  /** The digest of what is left when pairs of that digest are taken away. */
  public ContentDigest minus(ContentDigest other) {
    long borrow = Long.compareUnsigned(low, other.low) < 0 ? 1 : 0;
    return new ContentDigest(high - other.high - borrow, low - other.low);
  }

  /** Returns 32 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%016x%016x", high, low);
  }
}

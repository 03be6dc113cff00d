package dev.quicksilver.storage.record;

/**
 * Sums up the content digest of pairs that are not stored, or not yet: that of a database with just
 * these pairs. For one thread.
 */
public final class ContentDigester {
  private final DigestSum sum = new DigestSum(ContentDigest.EMPTY);

  /** Adds a pair; its key must not have been added before. */
  public void add(byte[] key, byte[] value) {
    sum.plus(key, key.length, value, 0, value.length);
  }

  /** Returns the digest of what was added up to now. */
  public ContentDigest digest() {
    return sum.get();
  }
}

package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The two running hashes of a write session, without garbage per entry. Not thread-safe. */
public final class Sha256 {
  private final MessageDigest digest = create();
  private final byte[] fixed = new byte[ChainHash.LENGTH + 27];
  private final byte[] out = new byte[ChainHash.LENGTH];

  static MessageDigest create() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Turns the chain hash in {@code chain} into the one after an entry. */
  public void chain(byte[] chain, Entry entry) {
    System.arraycopy(chain, 0, fixed, 0, ChainHash.LENGTH);
    int at = ChainHash.LENGTH;
    Bytes.putLong(fixed, at, entry.sequence());
    fixed[at + 8] = (byte) entry.operation().code();
    Bytes.putLong(fixed, at + 9, entry.commitLsn());
    Bytes.putLong(fixed, at + 17, entry.commitTime());
    Bytes.putShort(fixed, at + 25, entry.keyLength());
    digest.update(fixed);
    digest.update(entry.key(), 0, entry.keyLength());
    digest.update(entry.value(), entry.valueOffset(), entry.valueLength());
    finish(chain);
  }

  /** Returns what a live pair adds to the content digest. */
  ContentDigest pair(byte[] key, int keyLength, byte[] value, int offset, int valueLength) {
    Bytes.putShort(fixed, 0, keyLength);
    digest.update(fixed, 0, 2);
    digest.update(key, 0, keyLength);
    digest.update(value, offset, valueLength);
    finish(out);
    return new ContentDigest(Bytes.getLong(out, 0), Bytes.getLong(out, 8));
  }

  /** Returns what a pair adds, given as the bytes that are hashed: key length u16 ‖ key ‖ value. */
  ContentDigest pair(byte[] bytes, int offset, int length) {
    digest.update(bytes, offset, length);
    finish(out);
    return new ContentDigest(Bytes.getLong(out, 0), Bytes.getLong(out, 8));
  }

  private void finish(byte[] to) {
    try {
      digest.digest(to, 0, ChainHash.LENGTH);
    } catch (DigestException e) {
      throw new IllegalStateException(e);
    }
  }
}

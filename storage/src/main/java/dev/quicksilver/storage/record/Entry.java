package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import java.util.Arrays;

/**
 * One entry on its way: whoever reads or makes entries has one of these and fills it anew for each,
 * so that handing an entry on is one argument and allocates nothing. Key and value stand in arrays
 * of its owner's, and all of it is good until that takes the next one. Not thread-safe.
 */
public final class Entry {
  private Operation operation = Operation.CLEAR;
  private byte[] key = Bytes.EMPTY;
  private int keyLength;
  private byte[] value = Bytes.EMPTY;
  private int valueOffset;
  private int valueLength;
  private long sequence;
  private long commitLsn;
  private long commitTime;

  /**
   * Says of which transaction this and the entries after it are.
   *
   * @param lsn LSN of its commit record
   * @param time its commit time in µs since 1970-01-01 UTC
   */
  public void transaction(long lsn, long time) {
    commitLsn = lsn;
    commitTime = time;
  }

  /** Says which number it has in its database. */
  public void sequence(long number) {
    sequence = number;
  }

  /** Makes it one that gives a key a value. */
  public void set(byte[] ofKey, int lengthOfKey, byte[] ofValue, int offset, int lengthOfValue) {
    operation = Operation.SET;
    key = ofKey;
    keyLength = lengthOfKey;
    value = ofValue;
    valueOffset = offset;
    valueLength = lengthOfValue;
  }

  /** Makes it one that takes a key away. */
  public void delete(byte[] ofKey, int lengthOfKey) {
    set(ofKey, lengthOfKey, Bytes.EMPTY, 0, 0);
    operation = Operation.DEL;
  }

  /** Makes it one that takes all keys away. */
  public void clear() {
    set(Bytes.EMPTY, 0, Bytes.EMPTY, 0, 0);
    operation = Operation.CLEAR;
  }

  /** Returns what it does. */
  public Operation operation() {
    return operation;
  }

  /** Returns the array that begins with the key. */
  public byte[] key() {
    return key;
  }

  /** Returns the key's length in bytes; 0 for CLEAR. */
  public int keyLength() {
    return keyLength;
  }

  /** Returns the array in which the value begins at {@link #valueOffset()}. */
  public byte[] value() {
    return value;
  }

  /** Returns where the value begins in its array. */
  public int valueOffset() {
    return valueOffset;
  }

  /** Returns the value's length in bytes; 0 for DEL and CLEAR. */
  public int valueLength() {
    return valueLength;
  }

  /** Returns its number in its database. */
  public long sequence() {
    return sequence;
  }

  /** Returns the LSN of its transaction's commit record. */
  public long commitLsn() {
    return commitLsn;
  }

  /** Returns its transaction's commit time in µs since 1970-01-01 UTC. */
  public long commitTime() {
    return commitTime;
  }

  /** Returns a copy of the key. */
  public byte[] keyBytes() {
    return Arrays.copyOf(key, keyLength);
  }

  /** Returns a copy of the value. */
  public byte[] valueBytes() {
    return Arrays.copyOfRange(value, valueOffset, valueOffset + valueLength);
  }
}

package dev.quicksilver.storage;

import java.util.Arrays;

/**
 * The pairs of a key range, one after the other. Keys and values stand in buffers that the next
 * {@link #next()} uses again. For one thread at a time, as its snapshot.
 */
public final class Scan implements AutoCloseable {
  private final Snapshot snapshot;
  private final ReadTransaction transaction;
  private final KeyRange range;
  private final boolean forward;
  private final long cursor;
  private final byte[] key = new byte[RecordFormat.MAX_KEY];
  private final PairBuffer pair = new PairBuffer();
  private boolean withValues = true;
  private int keyLength;
  private boolean started;
  private boolean positioned;
  private boolean ended;
  private boolean closed;

  Scan(
      Snapshot snapshot,
      Environment environment,
      ReadTransaction transaction,
      KeyRange range,
      Direction direction) {
    this.snapshot = snapshot;
    this.transaction = transaction;
    this.range = range;
    this.forward = direction == Direction.FORWARD;
    this.cursor = transaction.openCursor(environment.dataHandle);
  }

  /**
   * Leaves large values unread: {@link #valueLength()} is right, their bytes are not there. Returns
   * this.
   */
  public Scan keysOnly() {
    withValues = false;
    return this;
  }

  /**
   * Moves to the next pair.
   *
   * @return false at the end of the range
   * @throws StorageException CORRUPT if the stored bytes do not match their checksum
   */
  public boolean next() {
    if (ended) {
      return false;
    }
    transaction.requireYoung();
    boolean found;
    if (positioned) {
      positioned = false;
      found = true;
    } else if (!started) {
      found = first();
    } else {
      found = transaction.move(cursor, forward ? NativeLmdb.NEXT : NativeLmdb.PREV);
    }
    started = true;
    if (found) {
      readKey();
      found = forward ? range.belowTo(key, keyLength) : range.aboveFrom(key, keyLength);
    }
    if (!found) {
      ended = true;
      return false;
    }
    snapshot.readRecord(key, keyLength, pair, withValues);
    return true;
  }

  private boolean first() {
    byte[] bound = forward ? range.from() : range.to();
    if (bound == null) {
      return transaction.move(cursor, forward ? NativeLmdb.FIRST : NativeLmdb.LAST);
    }
    boolean found = land(bound);
    while (found) {
      readKey();
      if (forward ? range.aboveFrom(key, keyLength) : range.belowTo(key, keyLength)) {
        return true;
      }
      found = transaction.move(cursor, forward ? NativeLmdb.NEXT : NativeLmdb.PREV);
    }
    return false;
  }

  /** Puts the cursor on the first key at or beyond the bound, in the direction of the scan. */
  private boolean land(byte[] bound) {
    if (bound.length == 0) {
      return forward && transaction.move(cursor, NativeLmdb.FIRST);
    }
    // A bound may be longer than any key; what is cut off can only matter for an equal prefix.
    int length = Math.min(bound.length, RecordFormat.MAX_KEY);
    boolean found = transaction.seek(cursor, bound, length);
    if (forward) {
      return found;
    }
    if (!found) {
      return transaction.move(cursor, NativeLmdb.LAST);
    }
    readKey();
    if (Arrays.compareUnsigned(key, 0, keyLength, bound, 0, bound.length) <= 0) {
      return true;
    }
    return transaction.move(cursor, NativeLmdb.PREV);
  }

  private void readKey() {
    keyLength = transaction.keyLength();
    if (keyLength < 1 || keyLength > RecordFormat.MAX_KEY) {
      throw new StorageException(
          ErrorCode.CORRUPT,
          "a key of " + keyLength + " bytes was found; bootstrap this node again");
    }
    transaction.copyKey(key);
  }

  /**
   * Jumps on to the first key at or beyond the given one, never back; the next {@link #next()}
   * returns it if it is in the range.
   */
  public void seek(byte[] target) {
    if (ended) {
      return;
    }
    if (started) {
      int order = Arrays.compareUnsigned(target, 0, target.length, key, 0, keyLength);
      if (forward ? order <= 0 : order >= 0) {
        return;
      }
    }
    boolean insideStart =
        forward ? range.aboveFrom(target, target.length) : range.belowTo(target, target.length);
    if (!started && !insideStart) {
      return;
    }
    positioned = land(target);
    ended = !positioned;
    started = true;
  }

  /** Returns the buffer that begins with the key. */
  public byte[] keyBuffer() {
    return key;
  }

  /** Returns the key's length in bytes. */
  public int keyLength() {
    return keyLength;
  }

  /** Returns the value and its meta data; the same object each time. */
  public PairBuffer pair() {
    return pair;
  }

  /** Returns the buffer in which the value begins at {@link #valueOffset()}. */
  public byte[] valueBuffer() {
    return pair.valueBuffer();
  }

  /** Returns where the value begins in its buffer. */
  public int valueOffset() {
    return pair.valueOffset();
  }

  /** Returns the value's length in bytes. */
  public int valueLength() {
    return pair.valueLength();
  }

  /** Returns the sequence of the entry that set the pair. */
  public long sequence() {
    return pair.sequence();
  }

  /** Returns that entry's commit time in µs since 1970-01-01 UTC. */
  public long commitTime() {
    return pair.commitTime();
  }

  /** Returns a copy of the key. */
  public byte[] key() {
    return Arrays.copyOf(key, keyLength);
  }

  /** Returns a copy of the value. */
  public byte[] value() {
    return pair.value();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      NativeLmdb.cursorClose(cursor);
    }
  }
}

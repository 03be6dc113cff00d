package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ReadTransaction;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.lmdb.TreeCursor;
import dev.quicksilver.storage.record.PairBuffer;
import dev.quicksilver.storage.record.PairReader;
import dev.quicksilver.storage.record.RecordFormat;
import java.util.Arrays;

/**
 * The pairs of a key range, one after the other. Keys and values stand in buffers that the next
 * {@link #next()} uses again. For one thread at a time, as its snapshot.
 */
public final class Scan implements AutoCloseable {
  private final PairReader reader;
  private final ReadTransaction transaction;
  private final KeyRange range;
  private final boolean forward;
  private final TreeCursor cursor;
  private final byte[] key = new byte[RecordFormat.MAX_KEY];
  private final PairBuffer pair = new PairBuffer();
  private boolean withValues = true;
  private int keyLength;
  private boolean started;
  private boolean positioned;
  private boolean ended;

  Scan(ReadTransaction transaction, PairReader reader, KeyRange range, Direction direction) {
    this.reader = reader;
    this.transaction = transaction;
    this.range = range;
    this.forward = direction == Direction.FORWARD;
    this.cursor = transaction.newCursor();
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
    boolean found = true;
    if (positioned) {
      positioned = false;
    } else if (started) {
      found = move();
    } else {
      started = true;
      found = first();
    }
    if (!found || !(forward ? range.belowTo(key, keyLength) : range.aboveFrom(key, keyLength))) {
      ended = true;
      return false;
    }
    if (withValues) {
      reader.readValue(key, keyLength, pair);
    }
    return true;
  }

  private boolean first() {
    byte[] bound = forward ? range.from() : range.to();
    if (bound == null) {
      return read(forward ? cursor.first(Tree.DATA) : cursor.last(Tree.DATA));
    }
    boolean found = land(bound);
    while (found && !(forward ? range.aboveFrom(key, keyLength) : range.belowTo(key, keyLength))) {
      found = move();
    }
    return found;
  }

  /** Puts the cursor on the first key at or beyond the bound, in the direction of the scan. */
  private boolean land(byte[] bound) {
    if (bound.length == 0) {
      return forward && read(cursor.first(Tree.DATA));
    }
    // A bound may be longer than any key; what is cut off can only matter for an equal prefix.
    int length = Math.min(bound.length, RecordFormat.MAX_KEY);
    boolean found = read(cursor.seek(Tree.DATA, bound, length));
    boolean equal = found && Arrays.equals(key, 0, keyLength, bound, 0, bound.length);
    if (equal) {
      return true;
    }
    reader.requireSoundBefore(cursor, found, bound, length, pair);
    if (forward) {
      return read(found);
    }
    return read(found ? cursor.previous() : cursor.last(Tree.DATA));
  }

  private boolean move() {
    return read(forward ? cursor.next() : cursor.previous());
  }

  /** Reads what the cursor found, but for a large value, and checks it. */
  private boolean read(boolean found) {
    if (found) {
      keyLength = cursor.copyKey(key);
      reader.readRecord(cursor, key, keyLength, pair);
    }
    return found;
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

  /** Ends the scan; what {@link #pair} returned stays valid. */
  @Override
  public void close() {
    ended = true;
  }
}

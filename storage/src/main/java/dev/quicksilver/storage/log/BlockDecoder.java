package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.RecordFormat;
import java.io.IOException;

/**
 * Reads a block's body record by record. Holds one segment and one value in memory. Not
 * thread-safe.
 */
public final class BlockDecoder {
  /** What a record is. */
  public enum Kind {
    BEGIN,
    ENTRY,
    END
  }

  private final SegmentReader in;
  private final byte[] fixed = new byte[16];

  private final Entry entry = new Entry();
  private final byte[] key = new byte[RecordFormat.MAX_KEY];
  private byte[] value = new byte[256];
  private Kind kind = Kind.END;
  private long endLsn;

  /** Takes the segments of one block. */
  public BlockDecoder(SegmentSource source) {
    this.in = new SegmentReader(source, "a block");
  }

  /** Reads the next record; false at the end of the block. Throws CORRUPT for anything else. */
  public boolean next() throws IOException {
    if (!in.more()) {
      return false;
    }
    int tag = in.read();
    switch (tag) {
      case BlockEncoder.BEGIN -> {
        in.read(fixed, 16);
        entry.transaction(Bytes.getLong(fixed, 0), Bytes.getLong(fixed, 8));
        kind = Kind.BEGIN;
      }
      case 2 -> {
        in.read(fixed, 6);
        int keyLength = keyLength(Bytes.getShort(fixed, 0));
        int valueLength = Bytes.getInt(fixed, 2);
        if (valueLength < 0 || valueLength > RecordFormat.MAX_VALUE) {
          throw new StorageException(
              ErrorCode.CORRUPT, "a block holds a value of " + valueLength + " bytes");
        }
        in.read(key, keyLength);
        value = Bytes.atLeast(value, valueLength);
        in.read(value, valueLength);
        entry.set(key, keyLength, value, 0, valueLength);
        kind = Kind.ENTRY;
      }
      case 3 -> {
        in.read(fixed, 2);
        int keyLength = keyLength(Bytes.getShort(fixed, 0));
        in.read(key, keyLength);
        entry.delete(key, keyLength);
        kind = Kind.ENTRY;
      }
      case 4 -> {
        entry.clear();
        kind = Kind.ENTRY;
      }
      case BlockEncoder.END -> {
        in.read(fixed, 8);
        endLsn = Bytes.getLong(fixed, 0);
        kind = Kind.END;
      }
      default ->
          throw new StorageException(
              ErrorCode.CORRUPT, "a block holds a record of unknown kind " + tag);
    }
    return true;
  }

  /** Returns what the record is that was read last. */
  public Kind kind() {
    return kind;
  }

  /**
   * Returns the entry that was read last, without its sequence; after {@link Kind#BEGIN} its
   * transaction is that of the entries that come. The same object each time.
   */
  public Entry entry() {
    return entry;
  }

  /** Returns the end LSN of the transaction that {@link Kind#END} ended. */
  public long endLsn() {
    return endLsn;
  }

  private static int keyLength(int length) {
    if (length < 1 || length > RecordFormat.MAX_KEY) {
      throw new StorageException(ErrorCode.CORRUPT, "a block holds a key of " + length + " bytes");
    }
    return length;
  }
}

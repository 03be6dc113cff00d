package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Operation;
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

  public Kind kind = Kind.END;
  public Operation operation = Operation.CLEAR;
  public byte[] key = new byte[RecordFormat.MAX_KEY];
  public int keyLength;
  public byte[] value = new byte[256];
  public int valueLength;
  public long commitLsn;
  public long commitTime;
  long endLsn;

  public BlockDecoder(SegmentSource source) {
    this.in = new SegmentReader(source, "a block");
  }

  /**
   * Reads the next record into the fields; false at the end of the block. Throws CORRUPT for
   * anything else.
   */
  public boolean next() throws IOException {
    if (!in.more()) {
      return false;
    }
    int tag = in.read();
    switch (tag) {
      case BlockEncoder.BEGIN -> {
        in.read(fixed, 16);
        commitLsn = Bytes.getLong(fixed, 0);
        commitTime = Bytes.getLong(fixed, 8);
        kind = Kind.BEGIN;
      }
      case 2 -> {
        in.read(fixed, 6);
        keyLength = keyLength(Bytes.getShort(fixed, 0));
        valueLength = Bytes.getInt(fixed, 2);
        if (valueLength < 0 || valueLength > RecordFormat.MAX_VALUE) {
          throw new StorageException(
              ErrorCode.CORRUPT, "a block holds a value of " + valueLength + " bytes");
        }
        in.read(key, keyLength);
        value = Bytes.atLeast(value, valueLength);
        in.read(value, valueLength);
        entry(Operation.SET);
      }
      case 3 -> {
        in.read(fixed, 2);
        keyLength = keyLength(Bytes.getShort(fixed, 0));
        in.read(key, keyLength);
        valueLength = 0;
        entry(Operation.DEL);
      }
      case 4 -> {
        keyLength = 0;
        valueLength = 0;
        entry(Operation.CLEAR);
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

  private void entry(Operation read) {
    operation = read;
    kind = Kind.ENTRY;
  }

  private static int keyLength(int length) {
    if (length < 1 || length > RecordFormat.MAX_KEY) {
      throw new StorageException(ErrorCode.CORRUPT, "a block holds a key of " + length + " bytes");
    }
    return length;
  }
}

package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.SegmentReader;
import dev.quicksilver.storage.log.SegmentSource;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.RecordFormat;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads the pairs of a snapshot's piece and checks that they are what its header says. Holds one
 * segment and one value in memory; a pair is good until the next one. Not thread-safe.
 */
final class SnapshotPairs {
  /**
   * Bytes of a pair before its key: where its fields stand, as {@link SnapshotPieceHeader} says.
   */
  static final int FIXED = 22;

  private static final int KEY_LENGTH = 0;
  private static final int VALUE_LENGTH = 2;
  private static final int SEQUENCE = 6;
  private static final int COMMIT_TIME = 14;

  private final SnapshotPieceHeader header;
  private final SegmentReader in;
  private final byte[] fixed = new byte[FIXED];
  private byte[] before;
  private int beforeLength;
  private int lastLength;
  private byte[] gathered = Bytes.EMPTY;
  private long read;
  private long bytes;

  private final Entry entry = new Entry();
  private byte[] key = new byte[RecordFormat.MAX_KEY];

  SnapshotPairs(SnapshotPieceHeader header, SegmentSource segments) {
    this.header = header;
    this.in = new SegmentReader(segments, "a snapshot's piece");
    byte[] after = header.after() == null ? Bytes.EMPTY : header.after();
    this.before = Arrays.copyOf(after, RecordFormat.MAX_KEY);
    this.beforeLength = after.length;
  }

  /** Writes a pair's fields of fixed length, those before its key. */
  static void encode(Scan pair, byte[] to) {
    Bytes.putShort(to, KEY_LENGTH, pair.keyLength());
    Bytes.putInt(to, VALUE_LENGTH, pair.valueLength());
    Bytes.putLong(to, SEQUENCE, pair.sequence());
    Bytes.putLong(to, COMMIT_TIME, pair.commitTime());
  }

  /** Returns the pair that was read last, as the entry that set it. The same object each time. */
  Entry entry() {
    return entry;
  }

  /** Reads the next pair; false at the end. Throws CORRUPT for anything else. */
  boolean next() throws IOException {
    if (!in.more()) {
      require(read == header.pairs() && bytes == header.uncompressedLength(), "it is cut short");
      return false;
    }
    require(read < header.pairs(), "it holds more than its head says");
    in.read(fixed, fixed.length);
    int keyLength = Bytes.getShort(fixed, KEY_LENGTH);
    int valueLength = Bytes.getInt(fixed, VALUE_LENGTH);
    long sequence = Bytes.getLong(fixed, SEQUENCE);
    require(keyLength >= 1 && keyLength <= RecordFormat.MAX_KEY, "a key is too long");
    require(valueLength >= 0 && valueLength <= RecordFormat.MAX_VALUE, "a value is too long");
    bytes += fixed.length + keyLength + (long) valueLength;
    require(bytes <= header.uncompressedLength(), "it holds more than its head says");
    require(
        sequence >= 1 && sequence <= header.head().lastSequence(),
        "a pair was set after the piece was read");
    swapKeys(keyLength);
    in.read(key, keyLength);
    require(
        Arrays.compareUnsigned(before, 0, beforeLength, key, 0, keyLength) < 0
            && (header.upTo() == null
                || Arrays.compareUnsigned(key, 0, keyLength, header.upTo(), 0, header.upTo().length)
                    <= 0),
        "a key is out of order");
    entry.sequence(sequence);
    entry.transaction(0, Bytes.getLong(fixed, COMMIT_TIME));
    readValue(keyLength, valueLength);
    read++;
    return true;
  }

  /** Leaves a value where it is if it stands in one segment, as most do. */
  private void readValue(int keyLength, int valueLength) throws IOException {
    if (in.inOnePiece(valueLength)) {
      entry.set(key, keyLength, in.buffer(), in.skip(valueLength), valueLength);
    } else {
      gathered = Bytes.atLeast(gathered, valueLength);
      in.read(gathered, valueLength);
      entry.set(key, keyLength, gathered, 0, valueLength);
    }
  }

  /** The key that was read last becomes the one before. */
  private void swapKeys(int keyLength) {
    if (read > 0) {
      byte[] last = key;
      key = before;
      before = last;
      beforeLength = lastLength;
    }
    lastLength = keyLength;
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new StorageException(
          ErrorCode.CORRUPT, "a snapshot's piece is malformed: " + otherwise);
    }
  }
}

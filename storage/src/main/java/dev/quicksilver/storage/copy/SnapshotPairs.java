package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.SegmentReader;
import dev.quicksilver.storage.log.SegmentSource;
import dev.quicksilver.storage.record.RecordFormat;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads the pairs of a snapshot's piece and checks that they are what its header says. Holds one
 * segment and one value in memory; key and value are good until the next pair. Not thread-safe.
 */
final class SnapshotPairs {
  private final SnapshotPieceHeader header;
  private final SegmentReader in;
  private final byte[] fixed = new byte[SnapshotPieceHeader.PAIR_FIXED];
  private byte[] before;
  private int beforeLength;
  private int lastLength;
  private byte[] gathered = Bytes.EMPTY;
  private long read;
  private long bytes;

  byte[] key = new byte[RecordFormat.MAX_KEY];
  int keyLength;
  byte[] value = Bytes.EMPTY;
  int valueOffset;
  int valueLength;
  long sequence;
  long commitTime;

  SnapshotPairs(SnapshotPieceHeader header, SegmentSource segments) {
    this.header = header;
    this.in = new SegmentReader(segments, "a snapshot's piece");
    byte[] after = header.after() == null ? Bytes.EMPTY : header.after();
    this.before = Arrays.copyOf(after, RecordFormat.MAX_KEY);
    this.beforeLength = after.length;
  }

  /** Reads the next pair into the fields; false at the end. Throws CORRUPT for anything else. */
  boolean next() throws IOException {
    if (!in.more()) {
      require(read == header.pairs() && bytes == header.uncompressedLength(), "it is cut short");
      return false;
    }
    require(read < header.pairs(), "it holds more than its head says");
    in.read(fixed, fixed.length);
    keyLength = Bytes.getShort(fixed, 0);
    valueLength = Bytes.getInt(fixed, 2);
    sequence = Bytes.getLong(fixed, 6);
    commitTime = Bytes.getLong(fixed, 14);
    require(keyLength >= 1 && keyLength <= RecordFormat.MAX_KEY, "a key is too long");
    require(valueLength >= 0 && valueLength <= RecordFormat.MAX_VALUE, "a value is too long");
    bytes += fixed.length + keyLength + (long) valueLength;
    require(bytes <= header.uncompressedLength(), "it holds more than its head says");
    require(
        sequence >= 1 && sequence <= header.head().lastSequence(),
        "a pair was set after the piece was read");
    swapKeys();
    in.read(key, keyLength);
    require(
        Arrays.compareUnsigned(before, 0, beforeLength, key, 0, keyLength) < 0
            && (header.upTo() == null
                || Arrays.compareUnsigned(key, 0, keyLength, header.upTo(), 0, header.upTo().length)
                    <= 0),
        "a key is out of order");
    readValue();
    read++;
    return true;
  }

  /** Leaves a value where it is if it stands in one segment, as most do. */
  private void readValue() throws IOException {
    if (in.inOnePiece(valueLength)) {
      value = in.buffer();
      valueOffset = in.skip(valueLength);
    } else {
      gathered = Bytes.atLeast(gathered, valueLength);
      in.read(gathered, valueLength);
      value = gathered;
      valueOffset = 0;
    }
  }

  /** The key that was read last becomes the one before. */
  private void swapKeys() {
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

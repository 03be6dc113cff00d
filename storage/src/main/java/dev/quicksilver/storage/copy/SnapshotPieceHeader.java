package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.storage.record.RecordFormat;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The head of a snapshot's piece: the pairs of one key range as they were at one sequence. Format
 * version 1, big-endian:
 *
 * <pre>
 *   0  magic "QSP1"                    u32
 *   4  format version (1)              u16
 *   6  codec: 1 = Snappy               u8
 *   7  flags: 1 = there is a key before, 2 = last   u8
 *   8  database id                     16
 *  24  sequence at which it was read   u64
 *  32  chain hash there                32
 *  64  content digest there            16
 *  80  position there: system id u64, timeline u32, LSN u64
 * 100  commit time there, µs since 1970-01-01 UTC    i64
 * 108  number of pairs                 u64
 * 116  bytes of all segments when uncompressed       u64
 * 124  length of {@code after} u16, length of {@code upTo} u16
 * 128  after ‖ upTo ‖ CRC-32C of all before
 * </pre>
 *
 * <p>Then come {@link Segment}s; together they hold, for each pair in the order of keys: key length
 * u16, value length u32, sequence u64, commit time i64, key, value.
 *
 * @param head where the source stood, which holds exactly this in this range; its oldest sequence
 *     is the one after its last
 * @param after the pairs have keys above this one; null for the first piece
 * @param upTo and up to this one; null for the last piece, which ends with the last key there is
 */
public record SnapshotPieceHeader(
    UUID databaseId,
    Head head,
    byte @Nullable [] after,
    byte @Nullable [] upTo,
    long pairs,
    long uncompressedLength) {
  /** The most bytes in an encoded header. */
  public static final int MAX_LENGTH = 128 + 2 * RecordFormat.MAX_KEY + 4;

  private static final int MAGIC = 0x51535031;
  private static final int VERSION = 1;
  private static final int SNAPPY = 1;
  private static final int FIXED = 128;
  private static final int AFTER = 1;
  private static final int LAST = 2;

  /** The most bytes of pairs in a piece with a budget: one pair may be as large as a value may. */
  public static long maxUncompressed(int budget) {
    return Math.max(
        budget, SnapshotPairs.FIXED + RecordFormat.MAX_KEY + (long) RecordFormat.MAX_VALUE);
  }

  /** Returns whether no pair comes after this piece. */
  public boolean last() {
    return upTo == null;
  }

  /** Returns the bytes, 132 to {@link #MAX_LENGTH}. */
  public byte[] encode() {
    byte[] low = after == null ? Bytes.EMPTY : after;
    byte[] high = upTo == null ? Bytes.EMPTY : upTo;
    byte[] to = new byte[FIXED + low.length + high.length + 4];
    Bytes.putInt(to, 0, MAGIC);
    Bytes.putShort(to, 4, VERSION);
    to[6] = SNAPPY;
    to[7] = (byte) ((after == null ? 0 : AFTER) | (upTo == null ? LAST : 0));
    Bytes.putLong(to, 8, databaseId.getMostSignificantBits());
    Bytes.putLong(to, 16, databaseId.getLeastSignificantBits());
    Bytes.putLong(to, 24, head.lastSequence());
    head.chainHash().copyTo(to, 32);
    Bytes.putLong(to, 64, head.contentDigest().high());
    Bytes.putLong(to, 72, head.contentDigest().low());
    Bytes.putLong(to, 80, head.position().systemId());
    Bytes.putInt(to, 88, head.position().timeline());
    Bytes.putLong(to, 92, head.position().lsn());
    Bytes.putLong(to, 100, head.commitTime());
    Bytes.putLong(to, 108, pairs);
    Bytes.putLong(to, 116, uncompressedLength);
    Bytes.putShort(to, 124, low.length);
    Bytes.putShort(to, 126, high.length);
    System.arraycopy(low, 0, to, FIXED, low.length);
    System.arraycopy(high, 0, to, FIXED + low.length, high.length);
    Bytes.putInt(to, to.length - 4, crc(to));
    return to;
  }

  /**
   * Reads a header that fills the array.
   *
   * @throws StorageException CORRUPT if the bytes are not a piece's header or claim what cannot be,
   *     WRONG_FORMAT if they are of a version or codec that this program does not know
   */
  public static SnapshotPieceHeader decode(byte[] from) {
    require(from.length >= FIXED + 4 && Bytes.getInt(from, 0) == MAGIC, "these bytes are not one");
    if (Bytes.getShort(from, 4) != VERSION || from[6] != SNAPPY) {
      throw new StorageException(
          ErrorCode.WRONG_FORMAT,
          "a snapshot's piece of format version "
              + Bytes.getShort(from, 4)
              + " and codec "
              + from[6]
              + "; this program knows version 1 with codec 1 (Snappy), so upgrade it first");
    }
    int low = Bytes.getShort(from, 124);
    int high = Bytes.getShort(from, 126);
    require(from.length == FIXED + low + high + 4, "its length is wrong");
    require(Bytes.getInt(from, from.length - 4) == crc(from), "its checksum is wrong");
    byte[] after = key(from, FIXED, low, (from[7] & AFTER) != 0);
    byte[] upTo = key(from, FIXED + low, high, (from[7] & LAST) == 0);
    require((from[7] & ~(AFTER | LAST)) == 0, "it has unknown flags");
    require(
        after == null || upTo == null || Arrays.compareUnsigned(after, upTo) < 0,
        "its key range is upside down");
    long sequence = Bytes.getLong(from, 24);
    long pairs = Bytes.getLong(from, 108);
    long bytes = Bytes.getLong(from, 116);
    require(sequence >= 0 && pairs >= 0 && (pairs > 0 || upTo == null), "its counts are wrong");
    require(
        pairs <= bytes / (SnapshotPairs.FIXED + 1) && (pairs > 0) == (bytes > 0),
        "its sizes are wrong");
    return new SnapshotPieceHeader(
        new UUID(Bytes.getLong(from, 8), Bytes.getLong(from, 16)),
        new Head(
            sequence,
            ChainHash.of(from, 32),
            new ContentDigest(Bytes.getLong(from, 64), Bytes.getLong(from, 72)),
            new Position(Bytes.getLong(from, 80), Bytes.getInt(from, 88), Bytes.getLong(from, 92)),
            Bytes.getLong(from, 100),
            sequence + 1),
        after,
        upTo,
        pairs,
        bytes);
  }

  private static byte @Nullable [] key(byte[] from, int at, int length, boolean present) {
    require(
        present ? length >= 1 && length <= RecordFormat.MAX_KEY : length == 0,
        "the length of a key is wrong");
    return present ? Arrays.copyOfRange(from, at, at + length) : null;
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new StorageException(
          ErrorCode.CORRUPT, "the head of a snapshot's piece is damaged: " + otherwise);
    }
  }

  private static int crc(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, header.length - 4);
    return (int) crc.getValue();
  }
}

package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.Position;
import java.util.zip.CRC32C;

/**
 * The head of a block, 160 bytes, format version 1, big-endian:
 *
 * <pre>
 *   0  magic "QSB1"                    u32
 *   4  format version (1)              u16
 *   6  codec: 1 = Snappy               u8
 *   7  reserved, 0                     u8
 *   8  first sequence                  u64
 *  16  last sequence                   u64
 *  24  chain hash before the block     32
 *  56  chain hash after it             32
 *  88  content digest after it         16
 * 104  position after it: system id u64, timeline u32, LSN u64
 * 124  commit time of the last transaction, µs since 1970-01-01 UTC   i64
 * 132  bytes of all segments with their heads                         u64
 * 140  bytes of all segments when uncompressed                        u64
 * 148  number of transactions          u64
 * 156  CRC-32C of the bytes before     u32
 * </pre>
 *
 * <p>A block holds whole transactions. Its body is a stream of {@link Segment}s, so a block may be
 * larger than memory.
 */
public record BlockHeader(
    long firstSequence,
    long lastSequence,
    ChainHash before,
    ChainHash after,
    ContentDigest digestAfter,
    Position positionAfter,
    long commitTime,
    long bodyLength,
    long uncompressedLength,
    long transactions) {
  /** Bytes in an encoded header. */
  public static final int LENGTH = 160;

  private static final int MAGIC = 0x51534231;
  private static final int VERSION = 1;
  private static final int SNAPPY = 1;

  /** Returns the 160 bytes. */
  public byte[] encode() {
    byte[] to = new byte[LENGTH];
    Bytes.putInt(to, 0, MAGIC);
    Bytes.putShort(to, 4, VERSION);
    to[6] = SNAPPY;
    Bytes.putLong(to, 8, firstSequence);
    Bytes.putLong(to, 16, lastSequence);
    before.copyTo(to, 24);
    after.copyTo(to, 56);
    Bytes.putLong(to, 88, digestAfter.high());
    Bytes.putLong(to, 96, digestAfter.low());
    Bytes.putLong(to, 104, positionAfter.systemId());
    Bytes.putInt(to, 112, positionAfter.timeline());
    Bytes.putLong(to, 116, positionAfter.lsn());
    Bytes.putLong(to, 124, commitTime);
    Bytes.putLong(to, 132, bodyLength);
    Bytes.putLong(to, 140, uncompressedLength);
    Bytes.putLong(to, 148, transactions);
    Bytes.putInt(to, 156, crc(to));
    return to;
  }

  /**
   * Reads the first 160 bytes of the array.
   *
   * @throws StorageException CORRUPT if they are not a block header or their checksum is wrong,
   *     WRONG_FORMAT if they are of a version or codec that this program does not know
   */
  public static BlockHeader decode(byte[] from) {
    if (from.length < LENGTH || Bytes.getInt(from, 0) != MAGIC) {
      throw new StorageException(ErrorCode.CORRUPT, "these bytes are not the head of a block");
    }
    if (Bytes.getShort(from, 4) != VERSION || from[6] != SNAPPY) {
      throw new StorageException(
          ErrorCode.WRONG_FORMAT,
          "a block of format version "
              + Bytes.getShort(from, 4)
              + " and codec "
              + from[6]
              + "; this program knows version 1 with codec 1 (Snappy), so upgrade it first");
    }
    if (Bytes.getInt(from, 156) != crc(from)) {
      throw new StorageException(ErrorCode.CORRUPT, "the head of a block has a wrong checksum");
    }
    BlockHeader header =
        new BlockHeader(
            Bytes.getLong(from, 8),
            Bytes.getLong(from, 16),
            ChainHash.of(from, 24),
            ChainHash.of(from, 56),
            new ContentDigest(Bytes.getLong(from, 88), Bytes.getLong(from, 96)),
            new Position(
                Bytes.getLong(from, 104), Bytes.getInt(from, 112), Bytes.getLong(from, 116)),
            Bytes.getLong(from, 124),
            Bytes.getLong(from, 132),
            Bytes.getLong(from, 140),
            Bytes.getLong(from, 148));
    if (header.firstSequence < 1 || header.lastSequence < header.firstSequence) {
      throw new StorageException(
          ErrorCode.CORRUPT,
          "a block claims the sequences " + header.firstSequence + " to " + header.lastSequence);
    }
    if (header.bodyLength < 0 || header.uncompressedLength < 0 || header.transactions < 0) {
      throw new StorageException(
          ErrorCode.CORRUPT,
          "the block at sequence " + header.firstSequence + " claims a length below nothing");
    }
    return header;
  }

  private static int crc(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, LENGTH - 4);
    return (int) crc.getValue();
  }

  BlockHeader withBodyLength(long length) {
    return new BlockHeader(
        firstSequence,
        lastSequence,
        before,
        after,
        digestAfter,
        positionAfter,
        commitTime,
        length,
        uncompressedLength,
        transactions);
  }
}

package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;

/**
 * Running SHA-256 over a database's entries: names one exact history. Immutable.
 *
 * <p>Before the first entry it is SHA-256("quicksilver chain v1" ‖ database id). Each entry turns
 * it into SHA-256(hash before ‖ sequence u64 ‖ operation u8 ‖ commit LSN u64 ‖ commit time i64 ‖
 * key length u16 ‖ key ‖ value). A load of n sorted pairs without a log leads straight to sequence
 * n and SHA-256("quicksilver load v1" ‖ database id ‖ n u64 ‖ content digest ‖ system id u64 ‖
 * timeline u32 ‖ LSN u64 ‖ commit time i64).
 */
public final class ChainHash {
  /** Bytes in a hash. */
  public static final int LENGTH = 32;

  private final byte[] bytes;

  private ChainHash(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Returns the hash that a new, empty database has. */
  public static ChainHash genesis(UUID databaseId) {
    var digest = Sha256.create();
    digest.update("quicksilver chain v1".getBytes(StandardCharsets.US_ASCII));
    byte[] id = new byte[16];
    Bytes.putLong(id, 0, databaseId.getMostSignificantBits());
    Bytes.putLong(id, 8, databaseId.getLeastSignificantBits());
    return new ChainHash(digest.digest(id));
  }

  /** Returns the hash that a database has after a load without a log: it names its content. */
  public static ChainHash ofLoad(
      UUID databaseId, long pairs, ContentDigest content, Position position, long commitTime) {
    var digest = Sha256.create();
    digest.update("quicksilver load v1".getBytes(StandardCharsets.US_ASCII));
    byte[] fields = new byte[68];
    Bytes.putLong(fields, 0, databaseId.getMostSignificantBits());
    Bytes.putLong(fields, 8, databaseId.getLeastSignificantBits());
    Bytes.putLong(fields, 16, pairs);
    Bytes.putLong(fields, 24, content.high());
    Bytes.putLong(fields, 32, content.low());
    Bytes.putLong(fields, 40, position.systemId());
    Bytes.putInt(fields, 48, position.timeline());
    Bytes.putLong(fields, 52, position.lsn());
    Bytes.putLong(fields, 60, commitTime);
    return new ChainHash(digest.digest(fields));
  }

  /** Takes the 32 bytes that begin at an offset. */
  public static ChainHash of(byte[] from, int offset) {
    return new ChainHash(Arrays.copyOfRange(from, offset, offset + LENGTH));
  }

  /** Returns a copy of the 32 bytes. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  /** Writes the 32 bytes at an offset. */
  public void copyTo(byte[] to, int offset) {
    System.arraycopy(bytes, 0, to, offset, LENGTH);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChainHash that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Bytes.getInt(bytes, 0);
  }

  /** Returns 64 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}

package dev.quicksilver.storage;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;

/**
 * Running SHA-256 over a database's entries: names one exact history. Immutable.
 *
 * <p>Before the first entry it is SHA-256("quicksilver chain v1" ‖ database id). Each entry turns
 * it into SHA-256(hash before ‖ sequence u64 ‖ operation u8 ‖ commit LSN u64 ‖ commit time i64 ‖
 * key length u16 ‖ key ‖ value).
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

  /** Takes the 32 bytes that begin at an offset. */
  public static ChainHash of(byte[] from, int offset) {
    return new ChainHash(Arrays.copyOfRange(from, offset, offset + LENGTH));
  }

  /** Returns a copy of the 32 bytes. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  void copyTo(byte[] to, int offset) {
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

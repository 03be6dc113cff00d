package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.PageMap;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.zip.CRC32C;

/**
 * A record of the {@code data} sub-database, format version 1:
 *
 * <pre>
 *  0  CRC-32C u32 over the key and everything after this field
 *  4  flags u8    bit 0: the value stands in {@code chunks}
 *  5  sequence u64
 * 13  commit time i64 (µs since 1970-01-01 UTC)
 * 21  the value, or with bit 0: value length u32 ‖ CRC-32C of the value u32
 * </pre>
 *
 * <p>Chunks have keys (sequence u64, index u32) and up to 4,080 bytes: what one overflow page of
 * LMDB holds.
 */
public final class RecordFormat {
  /**
   * The most bytes that are stored under one key: one LMDB overflow page less its 16-byte header.
   */
  public static final int PIECE = PageMap.PIECE;

  public static final int HEADER = 21;
  static final int CHUNKED_LENGTH = HEADER + 8;
  static final int MAX_INLINE = PIECE - HEADER;
  static final int FLAG_CHUNKED = 1;
  public static final int PIECE_KEY = 12;

  /** The longest key: LMDB's own limit. */
  public static final int MAX_KEY = PageMap.MAX_KEY;

  /** The largest value, in bytes. */
  public static final int MAX_VALUE = 64 << 20;

  private RecordFormat() {}

  static int chunks(int valueLength) {
    return (valueLength + PIECE - 1) / PIECE;
  }

  static int crc(CRC32C crc, byte[] key, int keyLength, byte[] record, int recordLength) {
    crc.reset();
    crc.update(key, 0, keyLength);
    crc.update(record, 4, recordLength - 4);
    return (int) crc.getValue();
  }

  public static void checkKey(int keyLength) {
    if (keyLength < 1 || keyLength > MAX_KEY) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "a key has 1 to 511 bytes, this one has " + keyLength);
    }
  }

  public static void checkValue(int valueLength) {
    if (valueLength > MAX_VALUE) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "a value has at most " + MAX_VALUE + " bytes, this one has " + valueLength);
    }
  }
}

package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.PageMap;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The one codec of a stored pair, a record of the {@code data} sub-database. Format version 1:
 *
 * <pre>
 *  0  CRC-32C u32 over the key and everything after this field
 *  4  flags u8    bit 0: the value stands in {@code chunks}
 *  5  sequence u64
 * 13  commit time i64 (µs since 1970-01-01 UTC)
 * 21  the value, or with bit 0: value length u32 ‖ CRC-32C of the value u32
 * </pre>
 *
 * <p>Chunks have a {@link PieceKey} and up to 4,080 bytes: what one overflow page of LMDB holds.
 * Stateless; on the hot path of every read, so nothing here allocates.
 */
public final class RecordFormat {
  /** The most bytes that are stored under one key: what one overflow page holds. */
  public static final int PIECE = PageMap.PIECE;

  /** The longest key: LMDB's own limit. */
  public static final int MAX_KEY = PageMap.MAX_KEY;

  /** The largest value, in bytes. */
  public static final int MAX_VALUE = 64 << 20;

  /** Bytes of a record beside its value, if that stands in it. */
  public static final int HEADER = 21;

  /** Bytes of a record whose value stands elsewhere; no record has more before its value. */
  static final int MAX_HEADER = HEADER + 8;

  private static final int CHECKSUM = 0;
  private static final int FLAGS = 4;
  private static final int SEQUENCE = 5;
  private static final int COMMIT_TIME = 13;
  private static final int VALUE_LENGTH = HEADER;
  private static final int VALUE_CHECKSUM = HEADER + 4;

  private static final int CHUNKED = 1;

  private RecordFormat() {}

  // ---- limits

  /**
   * Refuses a key that cannot be stored.
   *
   * @throws StorageException INVALID_ARGUMENT
   */
  public static void checkKey(int keyLength) {
    if (keyLength < 1 || keyLength > MAX_KEY) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT, "a key has 1 to 511 bytes, this one has " + keyLength);
    }
  }

  /**
   * Refuses a value that cannot be stored.
   *
   * @throws StorageException INVALID_ARGUMENT
   */
  public static void checkValue(int valueLength) {
    if (valueLength > MAX_VALUE) {
      throw new StorageException(
          ErrorCode.INVALID_ARGUMENT,
          "a value has at most " + MAX_VALUE + " bytes, this one has " + valueLength);
    }
  }

  /** Says whether a value stands in its record; if not, it stands in chunks. */
  static boolean isInline(int valueLength) {
    return valueLength <= PIECE - HEADER;
  }

  /** Returns how many chunks a value has that does not stand in its record. */
  static int chunks(int valueLength) {
    return (valueLength + PIECE - 1) / PIECE;
  }

  // ---- writing

  /**
   * Encodes the record of the pair that an entry sets, but for the value, which comes after it if
   * it is {@link #isInline}.
   *
   * @return the bytes written, at most {@link #MAX_HEADER}
   */
  static int encode(Entry entry, CRC32C crc, byte[] to) {
    boolean inline = isInline(entry.valueLength());
    to[FLAGS] = (byte) (inline ? 0 : CHUNKED);
    Bytes.putLong(to, SEQUENCE, entry.sequence());
    Bytes.putLong(to, COMMIT_TIME, entry.commitTime());
    int length = HEADER;
    if (!inline) {
      length = MAX_HEADER;
      crc.reset();
      crc.update(entry.value(), entry.valueOffset(), entry.valueLength());
      Bytes.putInt(to, VALUE_LENGTH, entry.valueLength());
      Bytes.putInt(to, VALUE_CHECKSUM, (int) crc.getValue());
    }
    crc.reset();
    crc.update(entry.key(), 0, entry.keyLength());
    crc.update(to, FLAGS, length - FLAGS);
    if (inline) {
      crc.update(entry.value(), entry.valueOffset(), entry.valueLength());
    }
    Bytes.putInt(to, CHECKSUM, (int) crc.getValue());
    return length;
  }

  // ---- reading

  /** Says whether a record can have so many bytes. */
  static boolean isLength(long length) {
    return length >= HEADER && length <= PIECE;
  }

  /**
   * Checks the record of a key that was read into a buffer, and says there how long the value is
   * and where it stands; a value in chunks is still to be read.
   *
   * @param length of the record, which {@link #isLength}
   * @return what is wrong with it; null if nothing is
   */
  static @Nullable String decode(byte[] key, int keyLength, PairBuffer into, int length) {
    byte[] record = into.record;
    CRC32C crc = into.crc;
    crc.reset();
    crc.update(key, 0, keyLength);
    crc.update(record, FLAGS, length - FLAGS);
    if ((int) crc.getValue() != Bytes.getInt(record, CHECKSUM)) {
      return "its checksum is wrong";
    }
    into.chunked = (record[FLAGS] & CHUNKED) != 0;
    if (!into.chunked) {
      into.valueLength = length - HEADER;
      return null;
    }
    if (length != MAX_HEADER) {
      return "its length is impossible";
    }
    into.valueLength = Bytes.getInt(record, VALUE_LENGTH);
    return null;
  }

  /** Says whether the value that was gathered from chunks is the one that the record tells of. */
  static boolean isValue(PairBuffer gathered) {
    CRC32C crc = gathered.crc;
    crc.reset();
    crc.update(gathered.large, 0, gathered.valueLength);
    return (int) crc.getValue() == Bytes.getInt(gathered.record, VALUE_CHECKSUM);
  }

  /** Returns the sequence of the entry that set the pair of a record. */
  static long sequence(byte[] record) {
    return Bytes.getLong(record, SEQUENCE);
  }

  /** Returns that entry's commit time in µs since 1970-01-01 UTC. */
  static long commitTime(byte[] record) {
    return Bytes.getLong(record, COMMIT_TIME);
  }

  /** Makes the exception for a record that is not what was written. */
  static StorageException damaged(byte[] key, int keyLength, Object where, String what) {
    return new StorageException(
        ErrorCode.CORRUPT,
        "the record of key "
            + Text.quote(Arrays.copyOf(key, keyLength))
            + " in "
            + where
            + " is damaged: "
            + what
            + "; copy this database anew from another node");
  }
}

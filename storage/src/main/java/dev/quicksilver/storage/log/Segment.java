package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.xerial.snappy.Snappy;

/**
 * A piece of a block's body, compressed on its own: {@code stored length u32 ‖ uncompressed length
 * u32 ‖ CRC-32C of the stored bytes u32 ‖ bytes}. Uncompressed it holds at most 64 KiB of the
 * record stream that {@link BlockDecoder} reads. If both lengths are the same, the bytes are not
 * compressed.
 *
 * @param bytes the stored bytes, alone
 */
public record Segment(int uncompressedLength, int crc, byte[] bytes) {
  /** Bytes before the compressed ones. */
  public static final int HEADER = 12;

  /** The most bytes in a segment before compression. */
  public static final int MAX_UNCOMPRESSED = 64 << 10;

  static {
    NativeLibraries.loadSnappy(); // before the class looks for a folder by itself
  }

  /** The most bytes in a segment after compression; anything above is refused. */
  public static final int MAX_COMPRESSED = Snappy.maxCompressedLength(MAX_UNCOMPRESSED);

  static int maxCompressed(int length) {
    return Snappy.maxCompressedLength(length);
  }

  /**
   * Compresses through an array that has at least {@link #maxCompressed} bytes; not if that makes
   * nothing smaller.
   */
  static Segment compress(byte[] raw, int length, byte[] scratch) {
    try {
      int size = Snappy.compress(raw, 0, length, scratch, 0);
      return size < length ? of(length, Arrays.copyOf(scratch, size)) : uncompressed(raw, length);
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "Snappy could not compress: " + e.getMessage(), e);
    }
  }

  /** Makes one of bytes that are stored as they are. */
  static Segment uncompressed(byte[] raw, int length) {
    return of(length, Arrays.copyOf(raw, length));
  }

  private static Segment of(int uncompressedLength, byte[] stored) {
    return new Segment(uncompressedLength, checksum(stored), stored);
  }

  /** Returns whether compressing made it smaller. */
  boolean compressed() {
    return bytes.length != uncompressedLength;
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return (int) crc.getValue();
  }

  /** Returns the bytes with their 12-byte head. */
  public byte[] encode() {
    byte[] to = new byte[HEADER + bytes.length];
    encodeHeader(to);
    System.arraycopy(bytes, 0, to, HEADER, bytes.length);
    return to;
  }

  void encodeHeader(byte[] to) {
    Bytes.putInt(to, 0, bytes.length);
    Bytes.putInt(to, 4, uncompressedLength);
    Bytes.putInt(to, 8, crc);
  }

  /**
   * Says how many bytes follow a segment's 12-byte head that begins at an offset.
   *
   * @throws StorageException CORRUPT if the head cannot be one
   */
  public static int bytesAfterHeader(byte[] header, int at) {
    if (header.length - at < HEADER) {
      throw new StorageException(ErrorCode.CORRUPT, "the head of a segment is cut short");
    }
    int compressed = Bytes.getInt(header, at);
    int uncompressed = Bytes.getInt(header, at + 4);
    if (compressed < 1
        || compressed > MAX_COMPRESSED
        || uncompressed < 1
        || uncompressed > MAX_UNCOMPRESSED) {
      throw new StorageException(
          ErrorCode.CORRUPT, "a segment claims " + compressed + " bytes that hold " + uncompressed);
    }
    return compressed;
  }

  /**
   * Returns the segment of a 12-byte head and all the bytes after it, without copying those.
   *
   * @throws StorageException CORRUPT if they are not what the head says
   */
  public static Segment of(byte[] header, byte[] bytes) {
    if (bytesAfterHeader(header, 0) != bytes.length) {
      throw new StorageException(ErrorCode.CORRUPT, "a segment has not the length it claims");
    }
    return new Segment(Bytes.getInt(header, 4), Bytes.getInt(header, 8), bytes);
  }

  /** Reads a segment, head and bytes, that begins at an offset of the array. */
  public static Segment decode(byte[] from, int at) {
    int length = bytesAfterHeader(from, at);
    if (from.length - at - HEADER < length) {
      throw new StorageException(ErrorCode.CORRUPT, "a segment is cut short");
    }
    return new Segment(
        Bytes.getInt(from, at + 4),
        Bytes.getInt(from, at + 8),
        Arrays.copyOfRange(from, at + HEADER, at + HEADER + length));
  }

  /**
   * Checks the CRC and returns an array that begins with the uncompressed bytes: this segment's
   * own, or the one given, which must have {@link #MAX_UNCOMPRESSED}.
   *
   * @throws StorageException CORRUPT if the bytes are not what the head says
   */
  byte[] content(byte[] to) {
    if (checksum(bytes) != crc) {
      throw new StorageException(ErrorCode.CORRUPT, "the checksum of a segment is wrong");
    }
    if (!compressed()) {
      return bytes;
    }
    try {
      if (Snappy.uncompressedLength(bytes) != uncompressedLength
          || Snappy.uncompress(bytes, 0, bytes.length, to, 0) != uncompressedLength) {
        throw new StorageException(ErrorCode.CORRUPT, "a segment has not the length it claims");
      }
      return to;
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.CORRUPT, "a segment cannot be uncompressed: " + e.getMessage(), e);
    }
  }
}

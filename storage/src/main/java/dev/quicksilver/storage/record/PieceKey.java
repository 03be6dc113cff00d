package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import java.nio.ByteBuffer;

/**
 * The keys of what stands in pieces of up to 4,080 bytes: a large value in {@code chunks}, under
 * the sequence that set it, and a block in {@code log}, under its first sequence. 12 bytes:
 * sequence u64 ‖ index of the piece u32, big-endian, so that the pieces of one thing stand in their
 * order.
 */
public final class PieceKey {
  /** Bytes of a key. */
  public static final int LENGTH = 12;

  private static final int SEQUENCE = 0;
  private static final int INDEX = 8;

  private PieceKey() {}

  /** Writes a key at the beginning of an array. */
  public static void put(long sequence, int index, byte[] to) {
    Bytes.putLong(to, SEQUENCE, sequence);
    Bytes.putInt(to, INDEX, index);
  }

  /** Writes a key into a buffer of its length, and returns that, ready to be read. */
  public static ByteBuffer put(long sequence, int index, ByteBuffer to) {
    return to.clear().putLong(SEQUENCE, sequence).putInt(INDEX, index);
  }

  /** Returns the sequence of a key at the beginning of an array. */
  public static long sequence(byte[] key) {
    return Bytes.getLong(key, SEQUENCE);
  }

  /** Returns the sequence of a key. */
  public static long sequence(ByteBuffer key) {
    return key.getLong(SEQUENCE);
  }
}

package dev.quicksilver.storage.lmdb;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Big-endian integers in byte arrays. */
public final class Bytes {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /** No bytes. */
  public static final byte[] EMPTY = {};

  private Bytes() {}

  /** Writes a u16 at an offset, big-endian. */
  public static void putShort(byte[] to, int at, int value) {
    SHORT.set(to, at, (short) value);
  }

  /** Reads a u16 at an offset, big-endian. */
  public static int getShort(byte[] from, int at) {
    return Short.toUnsignedInt((short) SHORT.get(from, at));
  }

  /** Writes a u32 at an offset, big-endian. */
  public static void putInt(byte[] to, int at, int value) {
    INT.set(to, at, value);
  }

  /** Reads a u32 at an offset, big-endian. */
  public static int getInt(byte[] from, int at) {
    return (int) INT.get(from, at);
  }

  /** Writes a u64 at an offset, big-endian. */
  public static void putLong(byte[] to, int at, long value) {
    LONG.set(to, at, value);
  }

  /** Reads a u64 at an offset, big-endian. */
  public static long getLong(byte[] from, int at) {
    return (long) LONG.get(from, at);
  }

  /** Returns a copy outside of the heap, as lmdbjava wants keys and data. */
  public static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  /**
   * Returns an array of at least the length, the same one if it is large enough; contents are not
   * kept.
   */
  public static byte[] atLeast(byte[] buffer, int length) {
    return buffer.length >= length ? buffer : new byte[Math.max(length, buffer.length * 2)];
  }
}

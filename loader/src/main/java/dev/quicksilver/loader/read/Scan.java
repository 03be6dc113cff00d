package dev.quicksilver.loader.read;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Looks for bytes, eight at a time ("Bit Twiddling Hacks", S. E. Anderson, "Determine if a word has
 * a zero byte"). Stateless.
 */
public final class Scan {
  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  private Scan() {}

  /** Returns where a byte stands first within a part of an array, or -1. */
  static int indexOf(byte[] in, int from, int to, byte wanted) {
    long pattern = eight(wanted);
    int at = from;
    for (; at <= to - Long.BYTES; at += Long.BYTES) {
      long zeros = zeros((long) EIGHT.get(in, at) ^ pattern);
      if (zeros != 0) {
        return at + Long.numberOfTrailingZeros(zeros) / Byte.SIZE;
      }
    }
    for (; at < to; at++) {
      if (in[at] == wanted) {
        return at;
      }
    }
    return -1;
  }

  /** Returns where one of three bytes stands first within a part of an array, or its end. */
  public static int indexOfAny(byte[] in, int from, int to, byte a, byte b, byte c) {
    long patternA = eight(a);
    long patternB = eight(b);
    long patternC = eight(c);
    int at = from;
    for (; at <= to - Long.BYTES; at += Long.BYTES) {
      long eight = (long) EIGHT.get(in, at);
      long zeros = zeros(eight ^ patternA) | zeros(eight ^ patternB) | zeros(eight ^ patternC);
      if (zeros != 0) {
        return at + Long.numberOfTrailingZeros(zeros) / Byte.SIZE;
      }
    }
    while (at < to && in[at] != a && in[at] != b && in[at] != c) {
      at++;
    }
    return at;
  }

  /** Whether all bytes are characters of ASCII, and none is NUL. */
  public static boolean isPlain(byte[] in) {
    int at = 0;
    for (; at <= in.length - Long.BYTES; at += Long.BYTES) {
      long eight = (long) EIGHT.get(in, at);
      if (((eight - ONES | eight) & HIGHS) != 0) {
        return false;
      }
    }
    for (; at < in.length; at++) {
      if (in[at] <= 0) {
        return false;
      }
    }
    return true;
  }

  /** A byte eight times. */
  private static long eight(byte b) {
    return ONES * Byte.toUnsignedLong(b);
  }

  /** The high bit of the first byte that is zero; further bits above it mean nothing. */
  private static long zeros(long eight) {
    return eight - ONES & ~eight & HIGHS;
  }
}

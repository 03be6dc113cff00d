package dev.quicksilver.storage.log;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

/** Damage that follows from a seed. */
final class Mutation {
  private Mutation() {}

  /** Returns the bytes after so many flips, overwrites, cuts, removals and insertions. */
  static byte[] of(byte[] bytes, long seed, int times) {
    Random random = new Random(seed);
    byte[] mutated = bytes.clone();
    for (int i = 0; i < times && mutated.length > 0; i++) {
      // Half of all damage near the beginning, where lengths and kinds stand.
      int at =
          random.nextInt(random.nextBoolean() ? Math.min(mutated.length, 200) : mutated.length);
      int length = Math.min(1 + random.nextInt(16), mutated.length - at);
      switch (random.nextInt(5)) {
        case 0 -> mutated[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> {
          byte[] noise = new byte[length];
          random.nextBytes(noise);
          System.arraycopy(noise, 0, mutated, at, length);
        }
        case 2 -> mutated = Arrays.copyOf(mutated, at);
        case 3 -> mutated = joined(mutated, at, at + length);
        default -> mutated = joined(mutated, at + length, at);
      }
    }
    return mutated;
  }

  /** Returns the bytes before one offset and those from another on. */
  private static byte[] joined(byte[] bytes, int before, int from) {
    byte[] joined = Arrays.copyOf(bytes, before + bytes.length - from);
    System.arraycopy(bytes, from, joined, before, bytes.length - from);
    return joined;
  }

  static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    return (int) crc.getValue();
  }
}

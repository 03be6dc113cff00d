package dev.quicksilver.loader.write;

import java.io.IOException;

/** Writes pairs in one format. Not thread-safe. */
interface PairWriter {
  /** Writes what stands before the pairs. */
  default void begin() throws IOException {}

  /** Writes a pair; both begin somewhere in buffers. */
  void write(byte[] key, int keyLength, byte[] value, int offset, int length) throws IOException;
}

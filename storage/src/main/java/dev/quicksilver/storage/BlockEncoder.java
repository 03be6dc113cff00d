package dev.quicksilver.storage;

import java.util.function.Consumer;

/**
 * Writes a block's body: records one after the other, cut into segments of 64 KiB wherever that
 * falls.
 *
 * <pre>
 * 1 BEGIN  commit LSN u64, commit time i64
 * 2 SET    key length u16, value length u32, key, value
 * 3 DEL    key length u16, key
 * 4 CLEAR
 * 5 END    end LSN u64
 * </pre>
 */
final class BlockEncoder {
  static final int BEGIN = 1;
  static final int END = 5;

  private final Consumer<Segment> sink;
  private final byte[] raw = new byte[Segment.MAX_UNCOMPRESSED];
  private final byte[] fixed = new byte[17];
  private int filled;
  private long uncompressed;

  BlockEncoder(Consumer<Segment> sink) {
    this.sink = sink;
  }

  void begin(long commitLsn, long commitTime) {
    fixed[0] = BEGIN;
    Bytes.putLong(fixed, 1, commitLsn);
    Bytes.putLong(fixed, 9, commitTime);
    write(fixed, 17);
  }

  void entry(Operation operation, byte[] key, int keyLength, byte[] value, int valueLength) {
    fixed[0] = (byte) operation.code();
    Bytes.putShort(fixed, 1, keyLength);
    Bytes.putInt(fixed, 3, valueLength);
    write(
        fixed,
        switch (operation) {
          case SET -> 7;
          case DEL -> 3;
          case CLEAR -> 1;
        });
    write(key, keyLength);
    write(value, valueLength);
  }

  void end(long endLsn) {
    fixed[0] = END;
    Bytes.putLong(fixed, 1, endLsn);
    write(fixed, 9);
  }

  private void write(byte[] from, int length) {
    int at = 0;
    while (at < length) {
      int part = Math.min(length - at, raw.length - filled);
      System.arraycopy(from, at, raw, filled, part);
      filled += part;
      at += part;
      if (filled == raw.length) {
        flush();
      }
    }
  }

  /** Hands the last segment over. */
  void flush() {
    if (filled > 0) {
      sink.accept(Segment.compress(raw, filled));
      uncompressed += filled;
      filled = 0;
    }
  }

  /** Returns the bytes written so far, before compression. */
  long uncompressedLength() {
    return uncompressed + filled;
  }
}

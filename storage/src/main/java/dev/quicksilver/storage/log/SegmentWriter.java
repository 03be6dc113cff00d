package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import java.util.function.Consumer;

/**
 * Cuts a stream of bytes into segments of 64 KiB wherever that falls. After one that compressing
 * makes no smaller it does not try the next few. Not thread-safe.
 */
public final class SegmentWriter {
  private static final int UNTRIED = 7;

  private final Consumer<Segment> sink;
  private final byte[] raw = new byte[Segment.MAX_UNCOMPRESSED];
  private byte[] scratch = Bytes.EMPTY;
  private int filled;
  private int untried;
  private long uncompressed;

  /** Takes what is given each segment as it is full. */
  public SegmentWriter(Consumer<Segment> sink) {
    this.sink = sink;
  }

  /** Adds bytes to the stream. */
  public void write(byte[] from, int offset, int length) {
    int at = offset;
    int end = offset + length;
    while (at < end) {
      int part = Math.min(end - at, raw.length - filled);
      System.arraycopy(from, at, raw, filled, part);
      filled += part;
      at += part;
      if (filled == raw.length) {
        flush();
      }
    }
  }

  /** Hands the last segment over. */
  public void flush() {
    if (filled > 0) {
      sink.accept(segment());
      uncompressed += filled;
      filled = 0;
    }
  }

  private Segment segment() {
    if (untried > 0) {
      untried--;
      return Segment.uncompressed(raw, filled);
    }
    scratch = Bytes.atLeast(scratch, Segment.maxCompressed(filled));
    Segment made = Segment.compress(raw, filled, scratch);
    untried = made.compressed() ? 0 : UNTRIED;
    return made;
  }

  /** Returns the bytes written so far, before compression. */
  public long uncompressedLength() {
    return uncompressed + filled;
  }
}

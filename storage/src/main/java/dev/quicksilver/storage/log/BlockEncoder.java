package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.record.Entry;
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
public final class BlockEncoder {
  static final int BEGIN = 1;
  static final int END = 5;

  private final SegmentWriter out;
  private final byte[] fixed = new byte[17];

  /** Takes what is given each segment as it is full. */
  public BlockEncoder(Consumer<Segment> sink) {
    this.out = new SegmentWriter(sink);
  }

  /**
   * Begins a transaction with its commit record's LSN and its commit time in µs since 1970-01-01
   * UTC.
   */
  public void begin(long commitLsn, long commitTime) {
    fixed[0] = BEGIN;
    Bytes.putLong(fixed, 1, commitLsn);
    Bytes.putLong(fixed, 9, commitTime);
    out.write(fixed, 0, 17);
  }

  /** Adds an entry to the transaction. */
  public void entry(Entry entry) {
    fixed[0] = (byte) entry.operation().code();
    Bytes.putShort(fixed, 1, entry.keyLength());
    Bytes.putInt(fixed, 3, entry.valueLength());
    out.write(
        fixed,
        0,
        switch (entry.operation()) {
          case SET -> 7;
          case DEL -> 3;
          case CLEAR -> 1;
        });
    out.write(entry.key(), 0, entry.keyLength());
    out.write(entry.value(), entry.valueOffset(), entry.valueLength());
  }

  /** Ends the transaction with its end LSN. */
  public void end(long endLsn) {
    fixed[0] = END;
    Bytes.putLong(fixed, 1, endLsn);
    out.write(fixed, 0, 9);
  }

  /** Hands the last segment over. */
  public void flush() {
    out.flush();
  }

  /** Returns the bytes written so far, before compression. */
  public long uncompressedLength() {
    return out.uncompressedLength();
  }
}

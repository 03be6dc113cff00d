package dev.quicksilver.storage.record;

import dev.quicksilver.storage.lmdb.Bytes;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What a read fills: a value in a buffer that is used again and again, so that reading allocates
 * nothing once the buffer is large enough. Not thread-safe; contents are valid until the next read
 * into it.
 */
public final class PairBuffer {
  final CRC32C crc = new CRC32C();
  final byte[] record = new byte[RecordFormat.PIECE];
  byte[] large = Bytes.EMPTY;
  int valueLength;
  boolean chunked;

  /** Returns the buffer in which the value stands from {@link #valueOffset()}. */
  public byte[] valueBuffer() {
    return chunked ? large : record;
  }

  /** Returns where in the buffer the value begins. */
  public int valueOffset() {
    return chunked ? 0 : RecordFormat.HEADER;
  }

  /** Returns the value's length in bytes. */
  public int valueLength() {
    return valueLength;
  }

  /** Returns the sequence of the entry that set the value. */
  public long sequence() {
    return RecordFormat.sequence(record);
  }

  /** Returns that entry's commit time in µs since 1970-01-01 UTC. */
  public long commitTime() {
    return RecordFormat.commitTime(record);
  }

  /** Returns how many chunks the value stands in; 0 if it stands with its key. */
  public int chunks() {
    return chunked ? RecordFormat.chunks(valueLength) : 0;
  }

  /** Returns a copy of the value. */
  public byte[] value() {
    return Arrays.copyOfRange(valueBuffer(), valueOffset(), valueOffset() + valueLength);
  }
}

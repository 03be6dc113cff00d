package dev.quicksilver.storage.log;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;

/** The stream of bytes that segments hold; checks their CRCs. Holds one in memory. */
public final class SegmentReader {
  private final SegmentSource source;
  private final String what;
  private final byte[] scratch = new byte[Segment.MAX_UNCOMPRESSED];
  private byte[] raw = Bytes.EMPTY;
  private int at;
  private int limit;

  /** Takes what the segments are part of, for messages. */
  public SegmentReader(SegmentSource source, String what) {
    this.source = source;
    this.what = what;
  }

  /** Says whether there are more bytes. */
  public boolean more() throws IOException {
    return at < limit || fill();
  }

  /** Reads the next byte, which must be there. */
  public byte read() {
    return raw[at++];
  }

  /** Reads bytes, which must be there, into the beginning of an array. */
  public void read(byte[] to, int length) throws IOException {
    int done = 0;
    while (done < length) {
      if (!more()) {
        throw new StorageException(ErrorCode.CORRUPT, what + " ends in the middle of a record");
      }
      int part = Math.min(length - done, limit - at);
      System.arraycopy(raw, at, to, done, part);
      at += part;
      done += part;
    }
  }

  /** Says whether that many bytes come next without a border between segments. */
  public boolean inOnePiece(int length) {
    return length <= limit - at;
  }

  /** Returns what holds the bytes that come next; good until more is read. */
  public byte[] buffer() {
    return raw;
  }

  /** Passes bytes over that are in one piece; returns where in the buffer they begin. */
  public int skip(int length) {
    int begin = at;
    at += length;
    return begin;
  }

  private boolean fill() throws IOException {
    Segment segment = source.next();
    if (segment == null) {
      return false;
    }
    raw = segment.content(scratch);
    at = 0;
    limit = segment.uncompressedLength();
    return true;
  }
}

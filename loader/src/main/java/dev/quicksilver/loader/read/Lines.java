package dev.quicksilver.loader.read;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Cuts bytes into lines, which end with LF, and groups lines into records. A record's bytes stay in
 * the buffer until it is {@linkplain #take taken}; of one that is longer than allowed only the
 * beginning is kept, and the rest is read over. Not thread-safe.
 */
final class Lines implements Closeable {
  /** Bytes that are kept of a record that is too long. */
  static final int KEPT = 4096;

  private static final int FILL = 1 << 16;
  private static final byte NEWLINE = '\n';
  private static final int LARGE = 1 << 23;

  private final InputStream in;
  private final int limit;
  private final MessageDigest digest = Digests.sha256();
  private byte[] buffer = new byte[2 * FILL];

  /**
   * Where the record begins in the buffer, its last line, what follows it, and the unread bytes.
   */
  private int record;

  /** What is before it in the buffer is in the digest; never after the record's beginning. */
  private int digested;

  private int start;
  private int end;
  private int filled;

  /** Bytes of the record that are not in the buffer any more, and its beginning if there are. */
  private long dropped;

  private byte[] beginning = {};
  private boolean tooLong;

  /** Whether it is a file of rejects. */
  private boolean ofRejects;

  private long records;
  private long offset;
  private long lines;
  private long linesOfRecord;

  /**
   * Reads from a stream.
   *
   * @param limit the most bytes that a record may have
   */
  Lines(InputStream in, int limit) {
    this.in = in;
    this.limit = limit;
  }

  /** Adds the next line to the record, {@link Comments} left out; false if there is none. */
  boolean next() throws IOException {
    if (!nextLine()) {
      return false;
    }
    if (lines == 0 && linesOfRecord == 1 && begins(Comments.FIRST)) {
      ofRejects = true;
      skip();
      return next();
    }
    while (ofRejects && linesOfRecord == 1) {
      boolean ofNext = begins(Comments.BEFORE_RECORD);
      if (!ofNext && !begins(Comments.ALONE)) {
        return true;
      }
      skip();
      if (!nextLine()) {
        return false;
      }
      if (ofNext) {
        return true;
      }
    }
    return true;
  }

  private boolean begins(String ascii) {
    if (end - start < ascii.length()) {
      return false;
    }
    for (int i = 0; i < ascii.length(); i++) {
      if (buffer[start + i] != ascii.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private boolean nextLine() throws IOException {
    start = end;
    int searched = end;
    boolean some = false;
    int newline = Scan.indexOf(buffer, searched, filled, NEWLINE);
    while (newline < 0) {
      some |= filled > start;
      if (tooLong || filled - record > limit) {
        drop();
      } else if (filled == buffer.length) {
        makeRoom();
      }
      searched = filled;
      int count = in.read(buffer, filled, buffer.length - filled);
      if (count < 0) {
        end = filled;
        linesOfRecord += some ? 1 : 0;
        return some;
      }
      filled += count;
      newline = Scan.indexOf(buffer, searched, filled, NEWLINE);
    }
    end = newline + 1;
    tooLong |= end - record > limit;
    linesOfRecord++;
    return true;
  }

  private void drop() {
    if (dropped == 0) {
      beginning = Arrays.copyOfRange(buffer, record, record + Math.min(KEPT, filled - record));
    }
    tooLong = true;
    digest.update(buffer, digested, filled - digested);
    dropped += filled - record;
    digested = 0;
    record = 0;
    start = 0;
    end = 0;
    filled = 0;
  }

  private void makeRoom() {
    digestRecords();
    int kept = filled - record;
    byte[] to =
        kept > buffer.length / 2
            ? new byte[(int) Math.min(2L * buffer.length, (long) limit + FILL)]
            : buffer;
    System.arraycopy(buffer, record, to, 0, kept);
    buffer = to;
    start -= record;
    end -= record;
    record = 0;
    digested = 0;
    filled = kept;
  }

  /** All at once, which is faster than one by one. */
  private void digestRecords() {
    digest.update(buffer, digested, record - digested);
    digested = record;
  }

  /** Whether the record is longer than allowed: what is in the buffer may not be all of it. */
  boolean isTooLong() {
    return tooLong;
  }

  /** On which line the record begins, 1 is the first. */
  long number() {
    return lines + 1;
  }

  /** How many lines the record has up to now. */
  long count() {
    return linesOfRecord;
  }

  /** Holds the last line. */
  byte[] buffer() {
    return buffer;
  }

  /** Where the record begins in {@link #buffer}, unless it is too long. */
  int recordStart() {
    return record;
  }

  /** Where the last line begins in {@link #buffer}. */
  int start() {
    return start;
  }

  /** Where the last line ends, after its LF if it has one. */
  int end() {
    return end;
  }

  /** Where the last line ends, without LF or CR LF. */
  int contentEnd() {
    int last = end;
    if (last > start && buffer[last - 1] == '\n') {
      last--;
      if (last > start && buffer[last - 1] == '\r') {
        last--;
      }
    }
    return last;
  }

  /** Ends the record, and counts it. */
  Extent.OfLines take() {
    records++;
    return endRecord();
  }

  /** Ends a record that is none, as a blank line; returns its text. */
  byte[] skip() {
    return endRecord().text();
  }

  private Extent.OfLines endRecord() {
    long length = dropped + end - record;
    byte[] text = beginning;
    if (dropped == 0) {
      text = Arrays.copyOfRange(buffer, record, tooLong ? Math.min(record + KEPT, end) : end);
    }
    var extent = new Extent.OfLines(lines + 1, lines + linesOfRecord, offset, length, text);
    offset += length;
    lines += linesOfRecord;
    linesOfRecord = 0;
    record = end;
    dropped = 0;
    tooLong = false;
    beginning = new byte[0];
    if (buffer.length > LARGE && filled - record <= FILL) {
      digestRecords();
      byte[] small = new byte[2 * FILL];
      System.arraycopy(buffer, record, small, 0, filled - record);
      buffer = small;
      filled -= record;
      record = 0;
      digested = 0;
      end = 0;
    }
    start = end;
    return extent;
  }

  /** Where the next record begins. */
  Mark mark() {
    digestRecords();
    try {
      MessageDigest upToHere = (MessageDigest) digest.clone();
      return new Mark(records, offset, HexFormat.of().formatHex(upToHere.digest()));
    } catch (CloneNotSupportedException e) {
      throw new AssertionError(e); // the JDK's own can be cloned
    }
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}

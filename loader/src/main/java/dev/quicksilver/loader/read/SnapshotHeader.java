package dev.quicksilver.loader.read;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * The beginning of a snapshot. Of a Kyoto Cabinet ({@code kcdb.h}, {@code dump_snapshot}):
 *
 * <pre>
 * KCSS LF NUL                 6 bytes
 * </pre>
 *
 * and of a Kyoto Tycoon ({@code kttimeddb.cc}, {@code dump_snapshot_atomic}), the numbers with the
 * highest byte first:
 *
 * <pre>
 * KTSS LF NUL                 6 bytes
 * check of the compression    4, 0 if there is none
 * when it was begun           8, nanoseconds since 1970
 * records of the database     8
 * bytes of the database       8
 * </pre>
 *
 * @param content all of it, of which the header is taken
 * @param moment when it was taken, if it says so
 * @param count how many records the database had then, if it says so
 */
record SnapshotHeader(CountedBytes content, Format format, Instant moment, OptionalLong count) {
  private static final byte[] KCSS = "KCSS\n\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] KTSS = "KTSS\n\0".getBytes(StandardCharsets.US_ASCII);
  private static final int KTSS_LENGTH = 34;
  private static final long NANOS = 1_000_000_000;

  /** A database's own file: {@code kchashdb.h}. */
  private static final byte[] DATABASE = "KC\n".getBytes(StandardCharsets.US_ASCII);

  /** Reads it. */
  static SnapshotHeader open(InputStream in, Format format) throws IOException {
    boolean tycoon = format == Format.KTSS;
    byte[] magic = tycoon ? KTSS : KCSS;
    byte[] head = in.readNBytes(tycoon ? KTSS_LENGTH : magic.length);
    if (!begins(head, magic)) {
      throw new SourceException(explain(head, format));
    }
    if (!tycoon) {
      return new SnapshotHeader(content(head, in), format, Instant.EPOCH, OptionalLong.empty());
    }
    if (head.length < KTSS_LENGTH) {
      throw new SourceException(
          "it is cut: it has " + head.length + " bytes, and its header alone " + KTSS_LENGTH);
    }
    ByteBuffer numbers = ByteBuffer.wrap(head, KTSS.length, KTSS_LENGTH - KTSS.length);
    boolean packed = numbers.getInt() != 0;
    long nanos = numbers.getLong();
    long count = numbers.getLong();
    if (nanos < 0 || count < 0) {
      throw new SourceException("its header is damaged: it says that there are negative numbers");
    }
    return new SnapshotHeader(
        content(head, packed ? new SnapshotBlocks(in) : in),
        format,
        Instant.ofEpochSecond(nanos / NANOS, nanos % NANOS),
        OptionalLong.of(count));
  }

  private static CountedBytes content(byte[] head, InputStream rest) throws IOException {
    var all = new CountedBytes(new SequenceInputStream(new ByteArrayInputStream(head), rest));
    all.skip(head.length);
    return all;
  }

  private static boolean begins(byte[] text, byte[] with) {
    return text.length >= with.length && Arrays.equals(text, 0, with.length, with, 0, with.length);
  }

  private static String explain(byte[] head, Format format) {
    if (head.length == 0) {
      return "it is empty: a snapshot has a header";
    }
    if (begins(head, DATABASE)) {
      return "it is a database of Kyoto Cabinet itself: kctreemgr dump (or kchashmgr) makes a"
          + " snapshot of it";
    }
    boolean other = begins(head, format == Format.KTSS ? KCSS : KTSS);
    return "it is no snapshot: it does not begin with "
        + (format == Format.KTSS ? "KTSS" : "KCSS")
        + (other ? ", but is one of --format " + (format == Format.KTSS ? "kcss" : "ktss") : "");
  }
}

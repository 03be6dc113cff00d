package dev.quicksilver.loader.read;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of a Kyoto Cabinet or Tycoon. After its {@linkplain SnapshotHeader header} come
 * records:
 *
 * <pre>
 * 00 (KCSS) or CC (KTSS)      1 byte
 * length of the key           1 or more: 7 bits in each, the highest first, bit 8 set but in the last
 * length of the value         the same
 * key, value
 * </pre>
 *
 * and in the end of a KCSS a byte FF. A KTSS has no end mark; its header says how many records the
 * database had when it was begun, and more of them are well.
 */
final class SnapshotReader implements RecordReader {
  private static final int END = 0xff;
  private static final String AGAIN = ": copy it anew, or take another one";
  private static final byte[] HEADER =
      (Comments.ALONE
              + " its records are text here: load them with --format kyoto-hex --expiry none\n")
          .getBytes(StandardCharsets.UTF_8);

  private final CountedBytes content;
  private final boolean hasEnd;
  private final int marker;
  private final OptionalLong count;
  private final Columns columns;
  private final ExpirationTimes times;
  private final int limit;

  /** Records that are in it, and those of them that were returned. */
  private long seen;

  private long records;
  private boolean ended;

  SnapshotReader(SnapshotHeader header, Columns columns, Expiry expiry, int limit)
      throws SourceException {
    content = header.content();
    hasEnd = header.format() == Format.KCSS;
    marker = hasEnd ? 0 : 0xcc;
    count = header.count();
    this.columns = columns;
    this.limit = limit;
    boolean ofItself = !hasEnd && expiry instanceof Expiry.Unsaid;
    times = new ExpirationTimes(ofItself ? new Expiry.At(header.moment()) : expiry);
    columns.requireKeyAndValue();
  }

  @Override
  public byte[] header() {
    return HEADER.clone();
  }

  @Override
  public Mark mark() {
    return new Mark(records, content.offset(), content.digest());
  }

  @Override
  public Expirations expirations() {
    return times.count();
  }

  @Override
  public @Nullable SourceRecord next() throws IOException {
    while (!ended) {
      long from = content.offset();
      int first = content.take();
      if (first != marker) {
        end(first, from);
        return null;
      }
      seen++;
      try {
        SourceRecord record = record(from);
        if (record != null) {
          records++;
          return record;
        }
      } catch (EOFException e) {
        throw new SourceException(
            "it is cut: record "
                + seen
                + ", which begins at byte "
                + from
                + ", is not there whole, and the source ends at byte "
                + content.offset()
                + AGAIN,
            e);
      }
    }
    return null;
  }

  /** Reads what follows a record's first byte; null if it has expired. */
  private @Nullable SourceRecord record(long from) throws IOException {
    long keyLength = length("key", from);
    long valueLength = length("value", from);
    long length = content.offset() - from + keyLength + valueLength;
    if (length > limit) {
      content.skip(keyLength + valueLength);
      var extent = new Extent.OfPair(seen, from, length, new byte[0], new byte[0], false);
      return SourceRecord.bad(extent, Readers.TOO_LONG);
    }
    byte[] key = content.take((int) keyLength);
    byte[] stored = content.take((int) valueLength);
    ExpirationTimes.Result result = times.apply(stored, "record", seen);
    byte[] value = result.value();
    if (result.problem() != null) {
      var extent = new Extent.OfPair(seen, from, length, key, stored, true);
      return SourceRecord.bad(extent, result.problem());
    }
    if (value == null) {
      return null;
    }
    var extent = new Extent.OfPair(seen, from, length, key, value, true);
    return new SourceRecord(extent, columns.of(List.of(key, value)), null);
  }

  private long length(String what, long from) throws IOException {
    long length = 0;
    int part;
    do {
      part = content.take();
      if (part < 0) {
        throw new EOFException();
      }
      length = length << 7 | (part & 0x7f);
      if (length > Integer.MAX_VALUE) {
        throw new SourceException(
            "it is damaged: record "
                + seen
                + ", which begins at byte "
                + from
                + ", says that its "
                + what
                + " has more than 2 GiB"
                + AGAIN);
      }
    } while (part >= 0x80);
    return length;
  }

  private void end(int first, long at) throws IOException {
    if (first < 0 && hasEnd) {
      throw new SourceException(
          "it is cut: at byte "
              + at
              + ", after "
              + seen
              + " records, its end mark is missing"
              + AGAIN);
    }
    if (first >= 0 && !(hasEnd && first == END)) {
      throw new SourceException(
          String.format(
              Locale.ROOT,
              "it is damaged: at byte %d, after %d records, stands a byte %02X, with which no"
                  + " record begins%s",
              at,
              seen,
              first,
              AGAIN));
    }
    if (first >= 0 && content.take() >= 0) {
      throw new SourceException(
          "something follows its end mark at byte " + at + ": load snapshots one by one");
    }
    if (count.isPresent() && seen < count.getAsLong()) {
      throw new SourceException(
          "it ends at byte "
              + at
              + " after "
              + seen
              + " records, and its header says that the database had "
              + count.getAsLong()
              + ": it is cut, or records were removed while the server wrote it"
              + AGAIN);
    }
    ended = true;
  }

  @Override
  public void close() throws IOException {
    content.close();
  }
}

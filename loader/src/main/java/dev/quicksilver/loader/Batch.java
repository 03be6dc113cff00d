package dev.quicksilver.loader;

import dev.quicksilver.loader.map.Mapping.Pair;
import dev.quicksilver.loader.read.Extent;
import dev.quicksilver.loader.read.Mark;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Rows that are written in one transaction, and what became of the records between them. */
final class Batch {
  /** Bytes of records and pairs after which a batch is full. */
  private static final long FULL = 8 << 20;

  /**
   * A pair and its record.
   *
   * @param source its number, 1 is the first
   * @param number of the record in its source, 1 is the first
   * @param again whether an earlier batch has the key already, so that the row is counted as a
   *     duplicate whatever is written
   */
  record Row(int source, long number, Extent extent, Pair pair, boolean again) {
    Reject reject(String reason) {
      return new Reject(source, number, extent, reason);
    }
  }

  /** A record that cannot be loaded. */
  record Reject(int source, long number, Extent extent, String reason) {}

  private final int maxRows;
  private final boolean replayed;
  private final Rows rows = new Rows();
  private final List<Reject> rejects = new ArrayList<>();
  private final SortedMap<Integer, Mark> marks = new TreeMap<>();
  private @Nullable Map<ByteBuffer, Integer> places;
  private long bytes;
  private long read;
  private long duplicates;
  private long storedBytes;

  /**
   * Makes an empty one.
   *
   * @param replayed whether it holds rejects of what was committed before: they are written to the
   *     file anew, and nothing is counted
   */
  Batch(int maxRows, boolean replayed) {
    this.maxRows = maxRows;
    this.replayed = replayed;
  }

  boolean isReplayed() {
    return replayed;
  }

  boolean isFull() {
    return rows.size() + rejects.size() >= maxRows || bytes >= FULL;
  }

  boolean isEmpty() {
    return read == 0;
  }

  Rows rows() {
    return rows;
  }

  /** Records of which no pair was made, in the order in which they were read. */
  List<Reject> rejects() {
    return rejects;
  }

  /** Where each source stands after it that was read for it. */
  SortedMap<Integer, Mark> marks() {
    return marks;
  }

  void mark(int source, Mark mark) {
    marks.put(source, mark);
  }

  /** Bytes of all sources that were read until it was full, as they are stored. */
  long storedBytes() {
    return storedBytes;
  }

  void storedBytes(long count) {
    storedBytes = count;
  }

  void add(Row row) {
    read++;
    append(row);
  }

  private void append(Row row) {
    if (places != null) {
      places.put(ByteBuffer.wrap(row.pair().key()), rows.size());
    }
    rows.add(row);
    bytes += row.extent().held() + row.pair().key().length + row.pair().value().length;
  }

  /** Takes a row whose key an earlier record has, which then counts as the duplicate. */
  void supersede(Row row) {
    Map<ByteBuffer, Integer> known = places;
    if (known == null) {
      known = new HashMap<>();
      for (int i = 0; i < rows.size(); i++) {
        known.put(ByteBuffer.wrap(rows.get(i).pair().key()), i);
      }
      places = known;
    }
    Integer place = known.get(ByteBuffer.wrap(row.pair().key()));
    read++;
    duplicates++;
    if (place == null) {
      append(new Row(row.source(), row.number(), row.extent(), row.pair(), true));
    } else {
      boolean again = rows.get(place).again();
      rows.set(place, new Row(row.source(), row.number(), row.extent(), row.pair(), again));
      bytes += row.extent().held() + row.pair().value().length;
    }
  }

  void reject(Reject reject) {
    read++;
    rejects.add(reject);
    bytes += reject.extent().held() + 2L * reject.reason().length();
  }

  void countDuplicate() {
    read++;
    duplicates++;
  }

  /**
   * What became of its records.
   *
   * @param loaded rows that changed something, but for those of earlier batches' keys
   * @param refused what PostgreSQL refused of {@link #rows}
   */
  Counts counts(long loaded, List<BatchWriter.Refused> refused) {
    int once = rows.size() - rows.again();
    long refusedAgain = refused.stream().filter(one -> one.row().again()).count();
    return new Counts(
        read,
        loaded,
        once - loaded - (refused.size() - refusedAgain),
        rejects.size() + refused.size(),
        duplicates - refusedAgain,
        0);
  }
}

package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.RelationCursor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the rows that come first in an order, as many as are asked for: of each what it is ordered
 * by, and what finds it again.
 */
final class FirstRows {
  /** A row that is kept; {@code key} finds a pair, {@code sequence} an entry of a log. */
  record Kept(
      long[] numbers, byte[] @Nullable [] bytes, boolean[] nulls, byte[] key, long sequence) {}

  private final List<Ordering.By> order;
  private final int most;
  private final int keyColumn;
  private final int sequenceColumn;
  private final PriorityQueue<Kept> queue;

  /**
   * Makes an empty one.
   *
   * @param most how many rows are kept
   * @param keyColumn the column that finds a pair again, or -1
   * @param sequenceColumn the column that finds an entry of a log again, or -1
   */
  FirstRows(Ordering ordering, int most, int keyColumn, int sequenceColumn) {
    this.order = ordering.columns();
    this.most = most;
    this.keyColumn = keyColumn;
    this.sequenceColumn = sequenceColumn;
    this.queue = new PriorityQueue<>((a, b) -> compare(b, a));
  }

  /** Whether as many rows are kept as can be. */
  boolean isFull() {
    return queue.size() >= most;
  }

  /** Looks at the current row of a cursor. */
  void offer(RelationCursor row) {
    if (most == 0) {
      return;
    }
    if (isFull()) {
      if (compare(row, queue.element()) >= 0) {
        return;
      }
      queue.remove();
    }
    queue.add(keep(row));
  }

  private Kept keep(RelationCursor row) {
    long[] numbers = new long[order.size()];
    byte[][] bytes = new byte[order.size()][];
    boolean[] nulls = new boolean[order.size()];
    for (int i = 0; i < order.size(); i++) {
      int column = order.get(i).column();
      nulls[i] = row.isNull(column);
      if (nulls[i]) {
        continue;
      }
      if (order.get(i).number()) {
        numbers[i] = row.number(column);
      } else {
        bytes[i] = copy(row, column);
      }
    }
    return new Kept(
        numbers,
        bytes,
        nulls,
        keyColumn < 0 ? new byte[0] : copy(row, keyColumn),
        sequenceColumn < 0 ? 0 : row.number(sequenceColumn));
  }

  private static byte[] copy(RelationCursor row, int column) {
    int from = row.offset(column);
    return Arrays.copyOfRange(row.buffer(column), from, from + row.length(column));
  }

  private int compare(RelationCursor row, Kept kept) {
    for (int i = 0; i < order.size(); i++) {
      Ordering.By by = order.get(i);
      int column = by.column();
      int result;
      if (row.isNull(column) || kept.nulls[i]) {
        result = nulls(by, row.isNull(column), kept.nulls[i]);
      } else if (by.number()) {
        result = numbers(by, row.number(column), kept.numbers[i]);
      } else {
        byte[] other = present(kept.bytes[i]);
        int from = row.offset(column);
        int to = from + row.length(column);
        int ascending =
            Arrays.compareUnsigned(row.buffer(column), from, to, other, 0, other.length);
        result = by.descending() ? -ascending : ascending;
      }
      if (result != 0) {
        return result;
      }
    }
    return 0;
  }

  private int compare(Kept a, Kept b) {
    for (int i = 0; i < order.size(); i++) {
      Ordering.By by = order.get(i);
      int result;
      if (a.nulls[i] || b.nulls[i]) {
        result = nulls(by, a.nulls[i], b.nulls[i]);
      } else if (by.number()) {
        result = numbers(by, a.numbers[i], b.numbers[i]);
      } else {
        int ascending = Arrays.compareUnsigned(present(a.bytes[i]), present(b.bytes[i]));
        result = by.descending() ? -ascending : ascending;
      }
      if (result != 0) {
        return result;
      }
    }
    return 0;
  }

  private static byte[] present(byte @Nullable [] bytes) {
    if (bytes == null) {
      throw new IllegalStateException("NULL is not compared");
    }
    return bytes;
  }

  private static int nulls(Ordering.By by, boolean a, boolean b) {
    return a == b ? 0 : a == by.nullsFirst() ? -1 : 1;
  }

  private static int numbers(Ordering.By by, long a, long b) {
    int ascending = by.unsigned() ? Long.compareUnsigned(a, b) : Long.compare(a, b);
    return by.descending() ? -ascending : ascending;
  }

  /** The rows in order; none is kept any more. */
  List<Kept> take() {
    List<Kept> rows = new ArrayList<>(queue);
    queue.clear();
    rows.sort(this::compare);
    return rows;
  }
}

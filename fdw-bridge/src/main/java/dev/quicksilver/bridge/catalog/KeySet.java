package dev.quicksilver.bridge.catalog;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A set of keys as sorted, disjoint, half-open intervals of unsigned byte order.
 *
 * <p>"Greater than k" begins at k followed by a zero byte, the next key there is; so inclusive and
 * exclusive bounds need no flags.
 */
public final class KeySet {
  /** Every key. */
  public static final KeySet ALL = new KeySet(List.of(new Interval(new byte[0], null)));

  /** No key. */
  public static final KeySet NONE = new KeySet(List.of());

  private final List<Interval> intervals;

  private KeySet(List<Interval> intervals) {
    this.intervals = intervals;
  }

  /** Keys from {@code from} (inclusive) up to {@code to} (exclusive; null for no end). */
  public static final class Interval {
    private final byte[] from;
    private final byte @Nullable [] to;

    Interval(byte[] from, byte @Nullable [] to) {
      this.from = from;
      this.to = to;
    }

    /** The first key; never change it. */
    public byte[] from() {
      return from;
    }

    /** The end; never change it. */
    public byte @Nullable [] to() {
      return to;
    }

    /** Whether exactly one key lies in it. */
    public boolean single() {
      byte[] end = to;
      return end != null
          && end.length == from.length + 1
          && end[from.length] == 0
          && Arrays.equals(from, 0, from.length, end, 0, from.length);
    }

    private boolean empty() {
      return to != null && Arrays.compareUnsigned(from, to) >= 0;
    }
  }

  /** Exactly this key. */
  public static KeySet single(byte[] key) {
    return between(key, after(key));
  }

  /** Keys with {@code from <= key < to}. */
  public static KeySet between(byte[] from, byte @Nullable [] to) {
    var interval = new Interval(from, to);
    return interval.empty() ? NONE : new KeySet(List.of(interval));
  }

  /** Keys that start with the prefix. */
  public static KeySet prefix(byte[] prefix) {
    return between(prefix, afterPrefix(prefix));
  }

  /** The smallest key greater than this one. */
  public static byte[] after(byte[] key) {
    return Arrays.copyOf(key, key.length + 1);
  }

  private static byte @Nullable [] afterPrefix(byte[] prefix) {
    int length = prefix.length;
    while (length > 0 && prefix[length - 1] == (byte) 0xff) {
      length--;
    }
    if (length == 0) {
      return null;
    }
    byte[] end = Arrays.copyOf(prefix, length);
    end[length - 1]++;
    return end;
  }

  /** The intervals in ascending order. */
  public List<Interval> intervals() {
    return intervals;
  }

  /** Whether no key is excluded. */
  public boolean isAll() {
    return intervals.size() == 1
        && intervals.getFirst().from.length == 0
        && intervals.getFirst().to == null;
  }

  /** Whether all intervals are single keys. */
  public boolean onlySingles() {
    return intervals.stream().allMatch(Interval::single);
  }

  /** Keys in both. */
  public KeySet intersect(KeySet other) {
    List<Interval> result = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < intervals.size() && j < other.intervals.size()) {
      Interval a = intervals.get(i);
      Interval b = other.intervals.get(j);
      byte[] from = Arrays.compareUnsigned(a.from, b.from) >= 0 ? a.from : b.from;
      boolean aFirst = compareEnds(a.to, b.to) <= 0;
      var both = new Interval(from, aFirst ? a.to : b.to);
      if (!both.empty()) {
        result.add(both);
      }
      if (aFirst) {
        i++;
      } else {
        j++;
      }
    }
    return new KeySet(List.copyOf(result));
  }

  /** Keys in any of the sets. */
  public static KeySet union(List<KeySet> sets) {
    List<Interval> sorted = new ArrayList<>();
    sets.forEach(set -> sorted.addAll(set.intervals));
    sorted.sort((a, b) -> Arrays.compareUnsigned(a.from, b.from));
    List<Interval> result = new ArrayList<>();
    for (Interval next : sorted) {
      Interval last = result.isEmpty() ? null : result.getLast();
      byte[] lastEnd = last == null ? null : last.to;
      if (last == null || (lastEnd != null && Arrays.compareUnsigned(lastEnd, next.from) < 0)) {
        result.add(next);
      } else if (compareEnds(next.to, lastEnd) > 0) {
        result.set(result.size() - 1, new Interval(last.from, next.to));
      }
    }
    return new KeySet(List.copyOf(result));
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof KeySet that) || intervals.size() != that.intervals.size()) {
      return false;
    }
    for (int i = 0; i < intervals.size(); i++) {
      Interval a = intervals.get(i);
      Interval b = that.intervals.get(i);
      if (!Arrays.equals(a.from, b.from) || compareEnds(a.to, b.to) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (Interval interval : intervals) {
      hash = 31 * hash + Arrays.hashCode(interval.from);
    }
    return hash;
  }

  private static int compareEnds(byte @Nullable [] a, byte @Nullable [] b) {
    if (a == null || b == null) {
      return a == null ? (b == null ? 0 : 1) : -1;
    }
    return Arrays.compareUnsigned(a, b);
  }
}

package dev.quicksilver.storage;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * How often something took how long, in classes that grow from half a millisecond to half a minute.
 * Thread-safe; to record costs two additions.
 */
public final class Durations {
  /** The longest time of each class but the last, in s. */
  public static final List<Double> BOUNDS =
      List.of(
          0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
          30.0);

  private static final long[] NANOS =
      BOUNDS.stream().mapToLong(bound -> Math.round(bound * 1e9)).toArray();

  private final List<LongAdder> counts =
      IntStream.rangeClosed(0, NANOS.length).mapToObj(_ -> new LongAdder()).toList();
  private final LongAdder nanos = new LongAdder();

  /**
   * What was recorded up to a moment.
   *
   * @param counts of each class, and of all that took longer
   * @param seconds all of them together
   */
  public record Sums(List<Long> counts, double seconds) {
    /** Nothing was recorded. */
    public static final Sums NONE = new Durations().sums();
  }

  /** Records one, in ns. */
  public void add(long duration) {
    int at = 0;
    while (at < NANOS.length && duration > NANOS[at]) {
      at++;
    }
    counts.get(at).increment();
    nanos.add(duration);
  }

  /** Returns what was recorded up to now; while others record, one of them may be in a part. */
  public Sums sums() {
    return new Sums(counts.stream().map(LongAdder::sum).toList(), nanos.sum() / 1e9);
  }
}

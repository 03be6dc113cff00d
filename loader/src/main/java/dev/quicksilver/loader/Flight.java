package dev.quicksilver.loader;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What is committed and not known to be on all replicas, and how much of it there may be. That
 * doubles while batches arrive early, grows slowly while they arrive in time, and is halved when
 * one does not, once for what was committed before. It is spread over the time of the limit, since
 * a replica commits at once what comes at once. Replicas' news are late themselves, up to a second
 * a level, and a tree has a lag without a load, too: so a batch that is not heard of in time is no
 * reason to stop, and a little may always be under way.
 *
 * <p>Times are µs on one clock. Not thread-safe.
 */
final class Flight {
  /**
   * Rows that may be under way with a limit of a second: at first, at least and at most. Of a limit
   * that is n times as long n times as many are on their way at once, n times as long. The most is
   * what keeps the bar loader.live on two processors.
   */
  private static final int FIRST = 1_000;

  private static final int LEAST = 500;
  private static final int MOST = 3_000;

  private static final long MAX = 1_000_000_000;

  /** How late the news of an arrival are, on average, two levels down. */
  private static final long NEWS = 500_000;

  /** What may be under way comes in so many batches at least. */
  private static final int PIECES = 8;

  private record Sent(long time, int rows) {}

  private final int batchRows;
  private final long limit;
  private final Deque<Sent> underWay = new ArrayDeque<>();
  private long rows;
  private long allowed;
  private long halvedAt = Long.MIN_VALUE;
  private long due = Long.MIN_VALUE;

  /**
   * Begins with little.
   *
   * @param batchRows rows to a batch at most
   * @param limit after which something should be everywhere, in µs
   */
  Flight(int batchRows, long limit) {
    this.batchRows = batchRows;
    this.limit = limit;
    this.allowed = ofLimit(FIRST);
  }

  private long ofLimit(int rows) {
    double seconds = limit / 1e6;
    return (long) Math.clamp(rows * seconds * seconds, 1, MAX);
  }

  /** How many rows the next batch may have. */
  int batchRows() {
    return Math.clamp(allowed / PIECES, 1, batchRows);
  }

  /** How many rows are under way. */
  long rows() {
    return rows;
  }

  /** How many may be. */
  long allowed() {
    return allowed;
  }

  /** Takes note that so many rows were committed before this time. */
  void committed(long time, int count) {
    underWay.add(new Sent(time, count));
    rows += count;
    // Who was held up may make up for one piece.
    due = Math.max(due, time - limit / PIECES) + limit * count / allowed;
  }

  /**
   * Takes note of what the replicas say.
   *
   * @param everywhere all that was committed before this time is on all replicas
   */
  void heard(long now, long everywhere) {
    while (!underWay.isEmpty() && underWay.getFirst().time() <= everywhere) {
      Sent arrived = underWay.removeFirst();
      rows -= arrived.rows();
      long took = now - arrived.time();
      if (isLate(took)) {
        late(now, arrived);
      } else {
        int share = took > limit / 4 * 3 ? PIECES : 1;
        allowed = Math.min(ofLimit(MOST), allowed + arrived.rows() / share);
      }
    }
    if (!underWay.isEmpty() && isLate(now - underWay.getFirst().time())) {
      late(now, underWay.getFirst());
    }
  }

  private boolean isLate(long took) {
    return took > limit + NEWS;
  }

  private void late(long now, Sent sent) {
    if (sent.time() > halvedAt) {
      halvedAt = now;
      allowed = Math.max(ofLimit(LEAST), allowed / 2);
    }
  }

  /** Takes note that all that was committed is on all replicas. */
  void arrived() {
    underWay.clear();
    rows = 0;
  }

  /** Whether there is room for another batch: there is if nothing is under way. */
  boolean hasRoom() {
    return underWay.isEmpty() || rows + batchRows() <= allowed;
  }

  /** How long the next batch should wait, if there is room for it, in µs; 0 or less if not. */
  long pause(long now) {
    return due == Long.MIN_VALUE ? 0 : Math.min(due - now, limit); // the clock may be set back
  }
}

package dev.quicksilver.loader;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What is committed and not known to be on all replicas, and how much of it there may be. That
 * grows as long as each batch is known to be everywhere within the limit, fast until the first one
 * was not; then it is halved, once for what was committed before, and grows slowly. Replicas' news
 * are late themselves, up to a second a level: so what counts is how much is under way, not a pause
 * after each batch, and one late word too many costs half of the speed for some seconds only.
 *
 * <p>Times are µs on one clock. Not thread-safe.
 */
final class Flight {
  private static final int FIRST_ROWS = 1_000;
  private static final int LEAST_ROWS = 100;

  /** Batches of the largest size that may be under way. */
  private static final int MOST_BATCHES = 4;

  /** What is under way comes in so many batches at least, so that its end comes in pieces. */
  private static final int PIECES = 4;

  private record Sent(long time, int rows) {}

  private final int batchRows;
  private final long limit;
  private final long most;
  private final Deque<Sent> underWay = new ArrayDeque<>();
  private long rows;
  private long allowed;
  private boolean wasLate;
  private long halvedAt = Long.MIN_VALUE;

  /**
   * Begins with little.
   *
   * @param batchRows rows to a batch at most
   * @param limit after which something should be everywhere, in µs
   */
  Flight(int batchRows, long limit) {
    this.batchRows = batchRows;
    this.limit = limit;
    this.most = (long) MOST_BATCHES * batchRows;
    this.allowed = Math.min(most, (long) PIECES * FIRST_ROWS);
  }

  /** How many rows the next batch may have. */
  int batchRows() {
    return Math.clamp(allowed / PIECES, 1, batchRows);
  }

  /** Takes note that so many rows were committed before this time. */
  void committed(long time, int count) {
    underWay.add(new Sent(time, count));
    rows += count;
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
      if (now - arrived.time() <= limit) {
        allowed = Math.min(most, allowed + arrived.rows() / (wasLate ? PIECES : 1));
      } else {
        late(now, arrived);
      }
    }
    if (!underWay.isEmpty() && now - underWay.getFirst().time() > limit) {
      late(now, underWay.getFirst());
    }
  }

  private void late(long now, Sent sent) {
    if (sent.time() > halvedAt) {
      wasLate = true;
      halvedAt = now;
      allowed = Math.max(Math.min(most, LEAST_ROWS), allowed / 2);
    }
  }

  /** Takes note that all that was committed is on all replicas. */
  void arrived() {
    underWay.clear();
    rows = 0;
  }

  /** Whether another batch may follow: it may if nothing is under way. */
  boolean mayGo() {
    return underWay.isEmpty() || rows + batchRows() <= allowed;
  }
}

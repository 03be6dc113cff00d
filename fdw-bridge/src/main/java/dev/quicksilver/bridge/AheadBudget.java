package dev.quicksilver.bridge;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How many cursors may keep rows that nobody has asked for yet, each as much as {@link RowsAhead}
 * takes: so many of one session, and so many of all. Safe for all threads.
 */
final class AheadBudget {
  /** Of one session: a join that postgres_fdw does itself reads two or three cursors in turn. */
  private static final int OF_SESSION = 4;

  /** A share of the heap that all of them may take. */
  private static final int SHARE = 8;

  private final @Nullable AheadBudget all;
  private final AtomicInteger left;

  private AheadBudget(int cursors, @Nullable AheadBudget all) {
    this.left = new AtomicInteger(cursors);
    this.all = all;
  }

  /** That of all sessions. */
  static AheadBudget ofAll() {
    long most = Runtime.getRuntime().maxMemory() / SHARE / RowsAhead.BUFFER_BYTES;
    return new AheadBudget((int) Math.min(most, 1 << 16), null);
  }

  /** That of a session, within that of all. */
  static AheadBudget ofSession(AheadBudget all) {
    return new AheadBudget(OF_SESSION, all);
  }

  /** Takes a share for a cursor; false if there is none. */
  boolean take() {
    if (left.getAndDecrement() <= 0 || (all != null && !all.take())) {
      left.getAndIncrement();
      return false;
    }
    return true;
  }

  /** Gives a share back. */
  void give() {
    left.getAndIncrement();
    if (all != null) {
      all.give();
    }
  }
}

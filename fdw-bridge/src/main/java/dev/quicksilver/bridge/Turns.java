package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who may have a statement evaluated now: so many at a time, in the order in which they asked. Safe
 * for all threads; a {@link Turn} belongs to its session's thread.
 */
final class Turns {
  private static final long WAIT_CHECK_MILLIS = 20;

  /** A fair semaphore whose number may change. */
  private static final class Free extends Semaphore {
    private static final long serialVersionUID = 1;

    Free(int number) {
      super(number, true);
    }

    void change(int by) {
      if (by < 0) {
        reducePermits(-by); // below none as long as more are at it than may be
      } else {
        release(by);
      }
    }
  }

  private final Free free;
  private int atATime;

  Turns(int atATime) {
    this.free = new Free(atATime);
    this.atATime = atATime;
  }

  /** Takes another number; those who are at it may go on. */
  synchronized void atATime(int number) {
    free.change(number - atATime);
    atATime = number;
  }

  /**
   * Waits for a turn.
   *
   * @param interruption gives an error once the statement must not wait any longer
   */
  Turn take(Supplier<@Nullable PgException> interruption) {
    var turn = new Turn(interruption);
    turn.resume();
    return turn;
  }

  /** Returns how many wait for a turn, about. */
  int waiting() {
    return free.getQueueLength();
  }

  /** One statement's turn, which it may leave while there is nothing to do. */
  final class Turn implements AutoCloseable {
    private final Supplier<@Nullable PgException> interruption;
    private boolean held;

    private Turn(Supplier<@Nullable PgException> interruption) {
      this.interruption = interruption;
    }

    /** Lets others go on. */
    void leave() {
      if (held) {
        held = false;
        free.release();
      }
    }

    /** Waits until it is this statement's turn again. */
    void resume() {
      try {
        while (!held && !free.tryAcquire(WAIT_CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
          PgException stop = interruption.get();
          if (stop != null) {
            throw stop;
          }
        }
        held = true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw PgException.of(
            SqlState.QUERY_CANCELED, "canceling statement because the bridge is stopping", e);
      }
    }

    @Override
    public void close() {
      leave();
    }
  }
}

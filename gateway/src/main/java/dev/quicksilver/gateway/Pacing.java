package dev.quicksilver.gateway;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How long the reader rests between two reads while messages come without a pause. PostgreSQL sends
 * each message with a system call of its own; a reader that wakes up for each one costs both sides,
 * and the clients beside them, more than the message does. One that lets a hundred pile up in the
 * socket does not. The first messages after a pause are never delayed. For one thread.
 */
final class Pacing {
  /** A read that took longer than this found nothing there. */
  private static final long WAITED = TimeUnit.MICROSECONDS.toNanos(5);

  /** Waits that follow each other within this time belong to one stream of messages. */
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(2);

  /** So many waits without a pause between them, and the stream is a busy one. */
  private static final int BUSY = 16;

  private static final long SHORTEST = TimeUnit.MICROSECONDS.toNanos(100);
  private static final long LONGEST = TimeUnit.MILLISECONDS.toNanos(4);

  /** A socket holds about 270 small messages: what piles up has to stay below that. */
  private static final int FEW = 48;

  private static final int MANY = 144;

  private final long longest;
  private long rest = SHORTEST;
  private long lastWait = Long.MIN_VALUE;
  private int waits;
  private int messages;

  /**
   * For a gateway with this window.
   *
   * @param window a rest takes at most a quarter of it
   */
  Pacing(Duration window) {
    longest = Math.min(LONGEST, window.toNanos() / 4);
  }

  /**
   * Notes a message; returns for how many ns to rest before the next read, 0 for not at all.
   *
   * @param began when the read began, in ns of any clock
   * @param ended when it returned, of the same clock
   */
  long afterRead(long began, long ended) {
    messages++;
    if (ended - began <= WAITED) {
      return 0;
    }
    waits = lastWait != Long.MIN_VALUE && ended - lastWait < PAUSE + rest ? waits + 1 : 0;
    lastWait = ended;
    int found = messages;
    messages = 0;
    if (waits < BUSY || longest < SHORTEST) {
      rest = SHORTEST;
      return 0;
    }
    if (waits > BUSY && found < FEW) {
      rest = Math.min(longest, rest * 2);
    } else if (found > MANY) {
      rest = Math.max(SHORTEST, rest / 2);
    }
    return rest;
  }
}

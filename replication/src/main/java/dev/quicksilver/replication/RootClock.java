package dev.quicksilver.replication;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Estimates what the root's clock says now from times of it that arrived here. A message is only
 * ever late, so the one that makes the root's clock latest is believed; one older than ten minutes
 * no more, since clocks drift and are set. Not thread-safe. All in µs.
 */
final class RootClock {
  private static final long PERIOD = TimeUnit.MINUTES.toMicros(5);

  private boolean known;
  private long since;
  private long current;
  private long previous;

  /** Takes a time of the root's clock that was said no later than now. */
  void heard(long rootTime, long now) {
    long ahead = rootTime - now;
    if (!known) {
      known = true;
      since = now;
      current = ahead;
      previous = ahead;
    } else if (now - since >= PERIOD) {
      since = now;
      previous = current;
      current = ahead;
    } else {
      current = Math.max(current, ahead);
    }
  }

  /** Returns the estimate; empty if nothing was ever heard. */
  OptionalLong at(long now) {
    return known ? OptionalLong.of(now + Math.max(current, previous)) : OptionalLong.empty();
  }
}

package dev.quicksilver.replication;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * The pause before something is tried again that somebody has to cure first: always the same,
 * shortened at random by up to a half, so that a fleet that was refused together does not knock in
 * step.
 */
final class SlowPace {
  private final long longest;
  private final DoubleSupplier random;

  /** Random numbers are from 0 to 1. */
  SlowPace(Duration longest, DoubleSupplier random) {
    this.longest = longest.toNanos();
    this.random = random;
  }

  /** Returns the next pause in ns. */
  long next() {
    return (long) (longest * (0.5 + 0.5 * random.getAsDouble()));
  }
}

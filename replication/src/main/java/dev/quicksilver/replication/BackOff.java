package dev.quicksilver.replication;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Pauses that double up to a bound, each shortened by up to half at random, so that a fleet does
 * not knock in step.
 */
final class BackOff {
  private final long minNanos;
  private final long maxNanos;
  private final DoubleSupplier random;
  private int failures;

  /** Random numbers are from 0 to 1. */
  BackOff(Duration min, Duration max, DoubleSupplier random) {
    this.minNanos = min.toNanos();
    this.maxNanos = Math.max(min.toNanos(), max.toNanos());
    this.random = random;
  }

  /** Returns the next pause in ns. */
  long next() {
    double full =
        Math.min((double) maxNanos, (double) minNanos * Math.pow(2, Math.min(failures, 60)));
    failures++;
    return (long) (full * (0.5 + 0.5 * random.getAsDouble()));
  }

  /** Returns the longest pause in ns. */
  long longest() {
    return maxNanos;
  }

  void reset() {
    failures = 0;
  }
}

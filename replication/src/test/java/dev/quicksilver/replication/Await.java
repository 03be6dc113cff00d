package dev.quicksilver.replication;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for a condition, and says what was there instead if it never comes. */
final class Await {
  /** Long enough for a machine whose cores are all taken by others. */
  static final Duration LIMIT = Duration.ofSeconds(60);

  private Await() {}

  static void until(BooleanSupplier condition, Supplier<Object> otherwise) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within " + LIMIT + "; there is: " + otherwise.get());
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}

package dev.quicksilver.replication;

/** Monotonic time; tests step their own. */
@FunctionalInterface
interface Ticker {
  Ticker SYSTEM = System::nanoTime;

  /** Returns nanoseconds since some fixed moment. */
  long nanos();
}

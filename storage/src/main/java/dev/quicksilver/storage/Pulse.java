package dev.quicksilver.storage;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Tells whether a thread that works in turns goes on: it beats with each turn, and rests while it
 * waits for something on purpose. A thread that hangs, in a disk that does not answer, say, does
 * neither. One thread beats, any may ask.
 */
public final class Pulse {
  private static final long RESTS = Long.MIN_VALUE;

  private final LongSupplier nanoTime;
  private volatile long last = RESTS;

  /**
   * Makes one that rests.
   *
   * @param nanoTime monotonic, in ns
   */
  public Pulse(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A turn begins, or something was done within one. */
  public void beat() {
    last = nanoTime.getAsLong();
  }

  /** Nothing is due until the next {@link #beat()}. */
  public void rest() {
    last = RESTS;
  }

  /** Returns for how long nothing was done that is due; zero while it rests. */
  public Duration silence() {
    long since = last;
    return since == RESTS
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(0, nanoTime.getAsLong() - since));
  }
}

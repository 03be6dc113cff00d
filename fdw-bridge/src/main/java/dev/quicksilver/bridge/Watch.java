package dev.quicksilver.bridge;

import dev.quicksilver.bridge.seek.Interruption;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells a running statement when it has to end: cancelled, out of time, its snapshot too old, or
 * its client gone. {@link #cancel} is safe for all threads, the rest is for the session's.
 */
final class Watch implements Interruption {
  private static final long LOOK_NANOS = 250_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  private final Client client;
  private final Supplier<Optional<Transaction>> transaction;
  private final LongSupplier nanoClock;
  private volatile boolean cancelled;
  private volatile @Nullable String stopping;
  private long began;
  private long timeout = NEVER;
  private long lastLook;

  Watch(Client client, Supplier<Optional<Transaction>> transaction, LongSupplier nanoClock) {
    this.client = client;
    this.transaction = transaction;
    this.nanoClock = nanoClock;
  }

  /** A series of messages begins: what was cancelled before does not matter any more. */
  void beginSeries() {
    cancelled = false;
    timeout = NEVER;
  }

  /** Refuses the next message of a series that was cancelled between two of them. */
  void checkCancelled() {
    if (cancelled) {
      String why = stopping; // it was set before, if that is why
      throw why == null ? userRequest() : terminated(why);
    }
  }

  private static PgException terminated(String why) {
    return PgException.of(SqlState.ADMIN_SHUTDOWN, "terminating connection because " + why);
  }

  private static PgException userRequest() {
    return PgException.of(SqlState.QUERY_CANCELED, "canceling statement due to user request");
  }

  /** A statement begins that may take so many milliseconds; 0 for any time. */
  void beginStatement(long milliseconds) {
    began = nanoClock.getAsLong();
    lastLook = began;
    timeout = milliseconds == 0 ? NEVER : milliseconds * 1_000_000;
  }

  void cancel() {
    cancelled = true;
  }

  /**
   * The connection is to end: this and all later statements do.
   *
   * @param why as in "terminating connection because …"
   */
  void stop(String why) {
    stopping = why;
  }

  @Override
  public void check() {
    PgException reason = reason();
    if (reason != null) {
      throw reason;
    }
  }

  /** Why the statement has to end, or null. */
  @Nullable PgException reason() {
    String why = stopping;
    if (why != null) {
      return terminated(why);
    }
    if (cancelled) {
      return userRequest();
    }
    long now = nanoClock.getAsLong();
    if (timeout != NEVER && now - began > timeout) {
      return PgException.of(
          SqlState.QUERY_CANCELED, "canceling statement due to statement timeout");
    }
    if (now - lastLook > LOOK_NANOS) {
      lastLook = now;
      if (client.gone()) {
        cancelled = true;
        return PgException.of(SqlState.QUERY_CANCELED, "canceling statement: the client is gone");
      }
    }
    Transaction reading = transaction.get().orElse(null);
    return reading == null ? null : reading.overdue();
  }
}

package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.edge.access.Rights;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One SQL transaction: its view of the replica, taken at the first statement that reads, and its
 * savepoints. The age of the view is bounded, so that a forgotten transaction cannot keep the
 * replica's pages from being reused.
 */
final class Transaction {
  /** What an overdue statement gets to end by itself. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  private final Replica replica;
  private final Rights rights;
  private final ReplicaView.Judge judge;
  private final Duration maxAge;
  private final LongSupplier nanoClock;
  private final Savepoints savepoints = new Savepoints();
  private @Nullable ReplicaView view;
  private volatile long since;
  private volatile boolean reading;
  private boolean expired;

  Transaction(
      Replica replica,
      Rights rights,
      ReplicaView.Judge judge,
      Duration maxAge,
      LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.replica = replica;
    this.rights = rights;
    this.judge = judge;
    this.maxAge = maxAge;
  }

  ReplicaView view() {
    requireNotExpired();
    ReplicaView current = view;
    if (current == null) {
      current = replica.view(rights, judge);
      view = current;
      since = nanoClock.getAsLong();
      reading = true;
    }
    return current;
  }

  /** How long the view has been held; zero if there is none. */
  Duration age() {
    return reading ? Duration.ofNanos(nanoClock.getAsLong() - since) : Duration.ZERO;
  }

  /** The error once the view is too old, else null. */
  @Nullable PgException overdue() {
    return age().compareTo(maxAge) > 0 ? tooOld() : null;
  }

  /** Refuses what looks for something that went with the view. */
  void requireNotExpired() {
    if (expired) {
      throw tooOld();
    }
  }

  /** Whether it is so much overdue that nobody will end it in order. */
  boolean isAbandoned() {
    return age().compareTo(maxAge.plus(GRACE)) > 0;
  }

  private PgException tooOld() {
    return PgException.of(
            SqlState.SNAPSHOT_TOO_OLD,
            "snapshot too old: the transaction has been reading for more than "
                + maxAge.toSeconds()
                + " s")
        .hint("Read in smaller pieces by key range, or raise the bridge's maximum snapshot age.");
  }

  /** Gives the view back although the transaction goes on; what it reads next fails. */
  void expire() {
    expired = true;
    release();
  }

  void release() {
    ReplicaView current = view;
    view = null;
    reading = false;
    if (current != null) {
      current.close();
    }
  }

  Savepoints savepoints() {
    return savepoints;
  }
}

package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * What a process knows of the root of each database. A process that never pulled from another one
 * is the root itself. Thread-safe.
 */
final class RootHeads {
  static final LongSupplier SYSTEM_CLOCK =
      () -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());

  private final Ticker ticker;
  private final LongSupplier clock;
  private final Map<String, RootLag> lags = new ConcurrentHashMap<>();
  private volatile boolean isRoot = true;

  /** The clock says µs since 1970-01-01 UTC. */
  RootHeads(Ticker ticker, LongSupplier clock) {
    this.ticker = ticker;
    this.clock = clock;
  }

  /**
   * From now on this process is not the root: what it knows of the root comes from upstreams. What
   * it heard when it pulled before may be of long ago, and is no news to anybody.
   */
  void pull() {
    lags.clear();
    isRoot = false;
  }

  /** From now on this process is the root, as it is until it pulls. */
  void lead() {
    isRoot = true;
  }

  /** Returns what is known of a database's root; a new database of the same name begins anew. */
  RootLag of(DatabaseIdentity identity) {
    return lags.compute(
        identity.name(),
        (_, old) ->
            old != null && old.isOf(identity.id()) ? old : new RootLag(identity.id(), ticker));
  }

  Optional<RootLag> find(String database) {
    return Optional.ofNullable(lags.get(database));
  }

  /** Returns what to tell those who pull from here. */
  Optional<RootHead> forFollowers(Database database) {
    if (!isRoot) {
      return of(database.identity()).forFollowers();
    }
    long now = clock.getAsLong(); // before the head is read: it holds all that there was then
    Head head = database.head();
    return Optional.of(new RootHead(head.lastSequence(), head.commitTime(), now, 0));
  }

  /** Returns what the root's clock says now, in µs since 1970-01-01 UTC; empty if not known. */
  OptionalLong rootTime(String database) {
    return isRoot
        ? OptionalLong.of(clock.getAsLong())
        : find(database).map(RootLag::rootTime).orElse(OptionalLong.empty());
  }
}

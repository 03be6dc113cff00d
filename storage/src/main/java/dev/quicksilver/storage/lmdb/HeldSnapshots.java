package dev.quicksilver.storage.lmdb;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The read transactions of one environment that are in use in this process, each of which keeps the
 * pages of its commit from being used again: one that is too old is told to go. What there is to
 * log is logged without the lock, since every new snapshot takes that. Safe for all threads.
 */
final class HeldSnapshots {
  private static final Logger LOG = LoggerFactory.getLogger(HeldSnapshots.class);

  private final Duration maxAge;
  private final InstantSource clock;
  private final Set<ReadTransaction> held = new LinkedHashSet<>();

  HeldSnapshots(Duration maxAge, InstantSource clock) {
    this.maxAge = maxAge;
    this.clock = clock;
  }

  /** Begins a transaction's use by the calling thread. */
  void add(ReadTransaction transaction) {
    long now = clock.millis();
    transaction.held(now);
    List<OpenSnapshot> told;
    synchronized (this) {
      held.add(transaction);
      told = tellTheOld(now);
    }
    log(told);
  }

  /** Ends a transaction's use; only then may another thread have it. */
  synchronized void remove(ReadTransaction transaction) {
    held.remove(transaction);
    transaction.released();
  }

  /** Tells those that are too old by now. */
  void tell() {
    List<OpenSnapshot> told;
    synchronized (this) {
      told = tellTheOld(clock.millis());
    }
    log(told);
  }

  /** Returns all of them, the oldest use first. */
  List<OpenSnapshot> list() {
    long now = clock.millis();
    List<OpenSnapshot> told;
    List<OpenSnapshot> all;
    synchronized (this) {
      told = tellTheOld(now);
      all =
          held.stream()
              .filter(transaction -> !transaction.isResting())
              .map(transaction -> transaction.describe(now))
              .toList();
    }
    log(told);
    return all;
  }

  private List<OpenSnapshot> tellTheOld(long now) {
    long oldest = now - maxAge.toMillis();
    List<OpenSnapshot> told = List.of();
    for (ReadTransaction transaction : held) {
      if (transaction.tellIfBefore(oldest, now)) {
        told = told.isEmpty() ? new ArrayList<>() : told;
        told.add(transaction.describe(now));
      }
    }
    return told;
  }

  private static void log(List<OpenSnapshot> told) {
    for (OpenSnapshot snapshot : told) {
      LOG.warn("told to go, since it keeps pages from being used again: {}", snapshot);
    }
  }
}

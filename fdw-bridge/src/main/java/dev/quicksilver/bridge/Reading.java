package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a session reads: the transaction with its view of the replica, and the cursors over it. The
 * evaluator's session reads what the session reads whose statement is evaluated; then two threads
 * take turns at one view, each under {@link #lock}.
 */
final class Reading {
  private final Supplier<Transaction> begin;
  private final Cursors cursors;
  private final @Nullable Reading outer;
  private final ReentrantLock lock;
  private volatile @Nullable Transaction transaction;
  private volatile @Nullable Reading inner;

  /** Makes one for a client's session. */
  Reading(Supplier<Transaction> begin, Cursors cursors) {
    this.begin = begin;
    this.cursors = cursors;
    this.outer = null;
    this.lock = new ReentrantLock();
  }

  private Reading(Reading outer, Cursors cursors) {
    this.begin = outer.begin;
    this.cursors = cursors;
    this.outer = outer;
    this.lock = outer.lock;
  }

  /** Makes one that reads what this one reads. */
  Reading shared(Cursors others) {
    var shared = new Reading(this, others);
    inner = shared;
    return shared;
  }

  /** Whether it reads what another session reads. */
  boolean isShared() {
    return outer != null;
  }

  /** Held while the view is used. */
  ReentrantLock lock() {
    return lock;
  }

  /** The transaction, if one is open. Safe for all threads. */
  Optional<Transaction> transaction() {
    return Optional.ofNullable(outer == null ? transaction : outer.transaction);
  }

  /** The transaction; begins one if there is none. */
  Transaction current() {
    if (outer != null) {
      return transaction()
          .orElseThrow(
              () ->
                  PgException.of(
                      SqlState.NO_ACTIVE_SQL_TRANSACTION, "the session reads nothing just now"));
    }
    Transaction now = transaction;
    if (now == null) {
      now = begin.get();
      transaction = now;
    }
    return now;
  }

  /** Ends the transaction, and closes its cursors; that of another session goes on. */
  void end() {
    lock.lock();
    try {
      cursors.closeAll();
      if (outer == null) {
        closeInner();
        Transaction ending = transaction;
        transaction = null;
        if (ending != null) {
          ending.release();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes the view away; what reads it next fails. */
  void expire() {
    lock.lock();
    try {
      cursors.closeAll();
      closeInner();
      transaction().ifPresent(Transaction::expire);
    } finally {
      lock.unlock();
    }
  }

  private void closeInner() {
    Reading reading = inner;
    if (reading != null) {
      reading.cursors.closeAll();
    }
  }
}

package dev.quicksilver.gateway.sequence;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.gateway.wal.MessageQueue;
import dev.quicksilver.gateway.wal.PgOutputDecoder;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.FailPoint;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/**
 * Takes messages from the queue through the sequencer, and decides when to commit to LMDB and what
 * to confirm to PostgreSQL.
 *
 * <p>A commit happens between two PostgreSQL transactions: at once if a window has passed since the
 * last one began, so that the first change after a pause never waits; otherwise when it has, or
 * when 8 MiB are pending. Below the root, each block is checked, stored and made durable by every
 * node: a block of its own for every transaction, as soon as it comes, would cost a thousand of
 * them far more than it costs here.
 *
 * <p>What has been processed and is durable here is recorded as this node's {@link Completeness}:
 * at once while commits wait for the root, else once a second. What is recorded, and nothing else,
 * is confirmed: at once, too, or after a time in which other nodes may get as far. While nothing of
 * ours is written, the WAL's progress is recorded in the same way from time to time, so that
 * PostgreSQL can forget WAL of others.
 */
public final class CommitSchedule {
  private static final long PENDING_BYTES = 8L << 20;

  /** Under load a commit of n ms is followed by at least this many times n ms of work. */
  private static final long COMMIT_SHARE = 4;

  private static final long LONGEST_SHARE = 500_000_000L;

  /** How long the first commit waits for what was in the WAL before this node took the slot. */
  private static final long LONGEST_CATCH_UP = 300_000_000L;

  /** How often what comes next is looked at meanwhile. */
  private static final long CATCH_UP_LOOK = 10_000_000L;

  /** How often it is recorded how far this node is, if nothing waits for that. */
  private static final long RECORD_NANOS = 1_000_000_000L;

  /** A position that is recorded, and since when. */
  private record Recorded(long lsn, long at) {}

  private final GatewayConfig config;
  private final ReplicationConnection.Identity source;
  private final DatabaseSet databases;
  private final OpenTransactions transactions;
  private final Deque<Recorded> unconfirmed = new ArrayDeque<>();
  private final Sequencer sequencer;
  private final Standbys standbys;
  private final Progress progress;
  private final Waiters waiters;
  private final LongSupplier nanoTime;
  private final List<ByteBuffer> batch = new ArrayList<>();
  private long durableLsn;
  private long catchUpUntil;
  private boolean caughtUp;
  private long recordedLsn;
  private long dueLsn;

  /** Somebody sees only what is confirmed, and all that came before is durable. */
  private boolean confirmsAtOnce;

  private long recordedAt;
  private long confirmedLsn;
  private volatile long workingSince;
  private volatile boolean working;
  private long notBefore;
  private long lastIdle;
  private long transactionCount;

  /**
   * Begins after what is durable.
   *
   * @param source what PostgreSQL the WAL is read from
   * @param nanoTime monotonic time in ns
   * @param durableLsn up to where this node has the WAL, unsigned
   */
  public CommitSchedule(
      GatewayConfig config,
      ReplicationConnection.Identity source,
      DatabaseSet databases,
      OpenTransactions transactions,
      Sequencer sequencer,
      Standbys standbys,
      Progress progress,
      Waiters waiters,
      LongSupplier nanoTime,
      long durableLsn) {
    this.config = config;
    this.source = source;
    this.databases = databases;
    this.transactions = transactions;
    this.sequencer = sequencer;
    this.standbys = standbys;
    this.progress = progress;
    this.waiters = waiters;
    this.nanoTime = nanoTime;
    this.durableLsn = durableLsn;
    this.notBefore = nanoTime.getAsLong();
    this.lastIdle = notBefore;
    this.catchUpUntil = notBefore + LONGEST_CATCH_UP;
    this.recordedLsn = durableLsn;
    this.recordedAt = notBefore;
    unconfirmed.add(new Recorded(durableLsn, notBefore));
  }

  /**
   * Works until {@code stopped} is true.
   *
   * @throws Exception the reason for which the stream ended
   */
  public void run(MessageQueue queue, PGReplicationStream stream, BooleanSupplier stopped)
      throws Exception {
    try {
      while (!stopped.getAsBoolean()) {
        step(queue, stream);
      }
      recordSettled();
    } catch (CancellationException stop) {
      if (waiting()) {
        commit(stream);
      }
      recordSettled();
      throw stop;
    }
  }

  /** One round: takes what is there, waits for no more than is due. */
  void step(MessageQueue queue, PGReplicationStream stream) throws Exception {
    working = false;
    queue.take(batch, waiting() ? remaining() : MessageQueue.tick());
    workingSince = nanoTime.getAsLong();
    working = true;
    for (ByteBuffer message : batch) {
      if (sequencer.apply(PgOutputDecoder.decode(message))) {
        transactionCount++;
      }
      commitIfDue(queue, stream);
    }
    batch.clear();
    // Read before the queue is looked at: all up to here was put into the queue by then.
    long received = stream.getLastReceiveLSN().asLong();
    catchUp(queue, received);
    commitIfDue(queue, stream);
    if (!sequencer.inTransaction() && transactions.isEmpty() && queue.isEmpty()) {
      idle(received);
    }
    record(stream);
  }

  /** Whether there is something that could be committed now. */
  private boolean waiting() {
    return !sequencer.inTransaction() && !transactions.isEmpty();
  }

  /** How long a commit must still wait, in ns; 0 if it is due. */
  private long remaining() {
    long left = Math.max(0, notBefore - nanoTime.getAsLong());
    if (!caughtUp) {
      left = Math.min(CATCH_UP_LOOK, Math.max(left, catchUpUntil - nanoTime.getAsLong()));
      left = Math.max(0, left);
    }
    return left > 0 && transactions.pendingBytes() >= PENDING_BYTES ? 0 : left;
  }

  /**
   * What waits when a root begins is committed together: with a window between the first of it and
   * the rest, the first change after a take-over would come a window late on each level.
   */
  private void catchUp(MessageQueue queue, long received) {
    if (!caughtUp) {
      long far = max(sequencer.processedLsn(), queue.isEmpty() ? received : 0);
      caughtUp =
          Long.compareUnsigned(far, source.walEnd()) >= 0
              || nanoTime.getAsLong() - catchUpUntil >= 0;
    }
  }

  private void commitIfDue(MessageQueue queue, PGReplicationStream stream) {
    if (waiting() && remaining() == 0) {
      commit(stream);
      queue.lull(notBefore);
    }
  }

  private void commit(PGReplicationStream stream) {
    long began = nanoTime.getAsLong();
    long entries = transactions.commit();
    sequencer.committed();
    durableLsn = max(durableLsn, sequencer.processedLsn());
    long ended = nanoTime.getAsLong();
    long window = config.window().toNanos();
    long share = Math.min(COMMIT_SHARE * (ended - began), Math.max(window, LONGEST_SHARE));
    notBefore = Math.max(began + window, ended + share);
    progress.durable(source.position(durableLsn), transactionCount, entries);
    transactionCount = 0;
    record(stream);
    waiters.durable();
  }

  private void idle(long receivedLsn) {
    long now = nanoTime.getAsLong();
    // In the synchronous mode commits without an entry of ours wait to be confirmed too.
    boolean due =
        waiters.isWaiting()
            || progress.isSynchronous()
            || now - lastIdle >= config.idleInterval().toNanos();
    if (!due) {
      return;
    }
    confirmsAtOnce |= waiters.isConfirmationWanted();
    waiters.recorded();
    if (Long.compareUnsigned(receivedLsn, durableLsn) <= 0) {
      return;
    }
    lastIdle = now;
    durableLsn = receivedLsn;
    progress.durable(source.position(durableLsn), 0, 0);
    waiters.durable();
  }

  /** Records how far this node is, and confirms what has been recorded, if it is time. */
  private void record(PGReplicationStream stream) {
    boolean atOnce = progress.isSynchronous() || confirmsAtOnce || waiters.isConfirmationWanted();
    confirmsAtOnce = false;
    long after = atOnce ? 0 : config.confirmAfter().toNanos();
    if (nanoTime.getAsLong() - recordedAt >= Math.min(after, RECORD_NANOS)) {
      recordSettled();
    }
    long due = nanoTime.getAsLong() - after;
    long lsn = dueLsn;
    for (Recorded first = unconfirmed.peekFirst();
        first != null && first.at() - due <= 0;
        first = unconfirmed.peekFirst()) {
      lsn = first.lsn();
      unconfirmed.removeFirst();
    }
    dueLsn = lsn;
    confirm(stream, held(dueLsn));
  }

  /**
   * For how long this has been at work on what came, in ns; 0 while it waits for more. What takes
   * seconds of it is the disk.
   */
  public long workingFor() {
    return working ? nanoTime.getAsLong() - workingSince : 0;
  }

  /** No more than enough standbys hold, too. */
  private long held(long lsn) {
    if (config.standbys() == 0) {
      return lsn;
    }
    long there = standbys.heldBy(config.standbys(), source::contains);
    return Long.compareUnsigned(lsn, there) > 0 ? there : lsn;
  }

  /** Not while something is pending: a database may stand here that the catalog does not name. */
  private void recordSettled() {
    if (transactions.isEmpty() && durableLsn != recordedLsn) {
      databases.complete(Completeness.of(source.position(durableLsn), databases));
      recordedLsn = durableLsn;
      recordedAt = nanoTime.getAsLong();
      unconfirmed.add(new Recorded(recordedLsn, recordedAt));
    }
  }

  private void confirm(PGReplicationStream stream, long lsn) {
    if (Long.compareUnsigned(lsn, confirmedLsn) > 0) {
      FailPoint.hit("gateway.before-confirm");
      confirmedLsn = lsn;
      // The reader thread sends it within a millisecond or, if nobody waits, the status interval.
      stream.setAppliedLSN(LogSequenceNumber.valueOf(lsn));
      stream.setFlushedLSN(LogSequenceNumber.valueOf(lsn));
      progress.confirmed(lsn);
    }
  }

  private static long max(long a, long b) {
    return Long.compareUnsigned(a, b) >= 0 ? a : b;
  }
}

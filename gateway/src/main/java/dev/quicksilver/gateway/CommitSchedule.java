package dev.quicksilver.gateway;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.FailPoint;
import dev.quicksilver.storage.Position;
import java.nio.ByteBuffer;
import java.util.ArrayList;
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
 * them far more than it costs here. Confirmed is never more than what is both processed and durable
 * here. While nothing of ours is written, the WAL's progress is recorded in the catalog database
 * from time to time, or when a session waits for it, and then confirmed, so that PostgreSQL can
 * forget WAL of others.
 */
final class CommitSchedule {
  private static final long PENDING_BYTES = 8L << 20;

  /** Under load a commit of n ms is followed by at least this many times n ms of work. */
  private static final long COMMIT_SHARE = 4;

  private static final long LONGEST_SHARE = 500_000_000L;

  private final GatewayConfig config;
  private final ReplicationConnection.Identity source;
  private final OpenTransactions transactions;
  private final Sequencer sequencer;
  private final Progress progress;
  private final Waiters waiters;
  private final LongSupplier nanoTime;
  private final List<ByteBuffer> batch = new ArrayList<>();
  private long durableLsn;
  private long confirmedLsn;
  private long notBefore;
  private long lastIdle;
  private long transactionCount;

  CommitSchedule(
      GatewayConfig config,
      ReplicationConnection.Identity source,
      OpenTransactions transactions,
      Sequencer sequencer,
      Progress progress,
      Waiters waiters,
      LongSupplier nanoTime,
      long durableLsn) {
    this.config = config;
    this.source = source;
    this.transactions = transactions;
    this.sequencer = sequencer;
    this.progress = progress;
    this.waiters = waiters;
    this.nanoTime = nanoTime;
    this.durableLsn = durableLsn;
    this.notBefore = nanoTime.getAsLong();
    this.lastIdle = notBefore;
  }

  /** The furthest position of a node's databases. */
  static Position furthest(DatabaseSet databases) {
    Position furthest = Position.NONE;
    for (Database database : databases.all()) {
      Position position = database.head().position();
      if (Long.compareUnsigned(position.lsn(), furthest.lsn()) > 0) {
        furthest = position;
      }
    }
    return furthest;
  }

  /**
   * Works until {@code stopped} is true.
   *
   * @throws Exception the reason for which the stream ended
   */
  void run(MessageQueue queue, PGReplicationStream stream, BooleanSupplier stopped)
      throws Exception {
    try {
      while (!stopped.getAsBoolean()) {
        step(queue, stream);
      }
    } catch (CancellationException stop) {
      if (waiting()) {
        commit(stream);
      }
      throw stop;
    }
  }

  /** One round: takes what is there, waits for no more than is due. */
  void step(MessageQueue queue, PGReplicationStream stream) throws Exception {
    queue.take(batch, waiting() ? remaining() : MessageQueue.tick());
    for (ByteBuffer message : batch) {
      if (sequencer.apply(PgOutputDecoder.decode(message))) {
        transactionCount++;
      }
      commitIfDue(queue, stream);
    }
    batch.clear();
    // Read before the queue is looked at: all up to here was put into the queue by then.
    long received = stream.getLastReceiveLSN().asLong();
    commitIfDue(queue, stream);
    if (!sequencer.inTransaction() && transactions.isEmpty() && queue.isEmpty()) {
      idle(stream, received);
    }
  }

  /** Whether there is something that could be committed now. */
  private boolean waiting() {
    return !sequencer.inTransaction() && !transactions.isEmpty();
  }

  /** How long a commit must still wait, in ns; 0 if it is due. */
  private long remaining() {
    long left = Math.max(0, notBefore - nanoTime.getAsLong());
    return left > 0 && transactions.pendingBytes() >= PENDING_BYTES ? 0 : left;
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
    confirm(stream, sequencer.processedLsn());
    waiters.durable();
  }

  private void idle(PGReplicationStream stream, long receivedLsn) {
    confirm(stream, sequencer.processedLsn());
    long now = nanoTime.getAsLong();
    // In the synchronous mode commits without an entry of ours wait to be confirmed too.
    boolean due =
        waiters.isWaiting()
            || progress.isSynchronous()
            || now - lastIdle >= config.idleInterval().toNanos();
    if (!due) {
      return;
    }
    waiters.recorded();
    if (Long.compareUnsigned(receivedLsn, durableLsn) <= 0) {
      return;
    }
    lastIdle = now;
    transactions.recordIdle(source.position(receivedLsn));
    durableLsn = receivedLsn;
    progress.durable(source.position(durableLsn), 0, 0);
    confirm(stream, receivedLsn);
    waiters.durable();
  }

  private void confirm(PGReplicationStream stream, long processed) {
    long lsn = Long.compareUnsigned(processed, durableLsn) < 0 ? processed : durableLsn;
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

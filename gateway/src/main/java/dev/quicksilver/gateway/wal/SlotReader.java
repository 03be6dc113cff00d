package dev.quicksilver.gateway.wal;

import dev.quicksilver.gateway.status.Progress;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.function.LongSupplier;
import org.postgresql.replication.PGReplicationStream;

/**
 * Moves messages from the slot's stream into the queue, and tells PostgreSQL what is durable here:
 * the driver lets only the thread that reads write.
 *
 * <p>That thread sleeps in the driver, up to the status interval, while nobody can be waiting.
 * While a commit is on its way into LMDB, or commits wait for this node, it looks up each
 * millisecond, and what has become durable is confirmed then.
 */
public final class SlotReader implements Runnable {
  /** What is not durable by then (with a long window) is confirmed at the next interval. */
  private static final long LONGEST_AWAIT_NANOS = 1_000_000_000L;

  private final PGReplicationStream stream;
  private final MessageQueue queue;
  private final Progress progress;
  private final boolean confirmsSoon;
  private final LongSupplier nanoTime;
  private boolean inTransaction;
  private long awaited;
  private long awaitedUntil;
  private long confirmed;
  private long received;

  /** Since when nothing has come, in ns of the clock; only while it is waited for. */
  private volatile long quietSince;

  private volatile boolean listening = true;

  /**
   * Reads for a queue.
   *
   * @param confirmsSoon whether what is durable is confirmed at once, and not only after a time
   */
  public SlotReader(
      PGReplicationStream stream,
      MessageQueue queue,
      Progress progress,
      boolean confirmsSoon,
      LongSupplier nanoTime) {
    this.stream = stream;
    this.queue = queue;
    this.progress = progress;
    this.confirmsSoon = confirmsSoon;
    this.nanoTime = nanoTime;
    this.quietSince = nanoTime.getAsLong();
  }

  /** Reads until the queue is closed or the stream fails. */
  @Override
  public void run() {
    try {
      while (true) {
        // The one returns after a millisecond if nothing comes, the other waits for ever.
        ByteBuffer message = isAwaited() ? stream.readPending() : stream.read();
        if (message != null) {
          listening = false;
          note(message);
          if (!queue.put(message)) {
            return;
          }
          quietSince = nanoTime.getAsLong();
          listening = true;
        } else if (progress.isSynchronous()) {
          tellOfOthers();
        }
        confirm();
      }
    } catch (Exception e) {
      queue.end(e);
    } catch (Throwable e) {
      // Whatever ends this thread must end the session too: nobody else would notice.
      queue.end(new IllegalStateException("reading from PostgreSQL failed", e));
      throw e;
    }
  }

  /** How long nothing has come although this listens, in ns. From any thread. */
  public long silence() {
    return listening ? nanoTime.getAsLong() - quietSince : 0;
  }

  /** Whether something may have to be confirmed before the next message comes. */
  private boolean isAwaited() {
    if (inTransaction) {
      return false; // the rest is on its way
    }
    return progress.isSynchronous()
        || (confirmsSoon
            && Long.compareUnsigned(awaited, confirmed) > 0
            && nanoTime.getAsLong() - awaitedUntil < 0);
  }

  /** A COMMIT, or somebody's message that it waits, will be confirmed before long. */
  private void note(ByteBuffer message) {
    switch (message.hasRemaining() ? message.get(message.position()) : 0) {
      case 'B' -> inTransaction = true;
      case 'C' -> {
        inTransaction = false;
        awaitLsnAt(message, 10);
      }
      case 'M' -> awaitLsnAt(message, 2);
      default -> {
        // a row, or what explains one
      }
    }
  }

  private void awaitLsnAt(ByteBuffer message, int offset) {
    if (message.remaining() >= offset + Long.BYTES) { // the decoder refuses one that is cut
      awaited = message.getLong(message.position() + offset);
      awaitedUntil = nanoTime.getAsLong() + LONGEST_AWAIT_NANOS;
    }
  }

  /** Commits without a change of ours come as nothing but a later position. */
  private void tellOfOthers() {
    long now = stream.getLastReceiveLSN().asLong();
    if (now != received) {
      received = now;
      queue.nudge();
    }
  }

  private void confirm() throws SQLException {
    long flushed = stream.getLastFlushedLSN().asLong();
    if (Long.compareUnsigned(flushed, confirmed) > 0) {
      confirmed = flushed;
      stream.forceUpdateStatus();
    }
  }
}

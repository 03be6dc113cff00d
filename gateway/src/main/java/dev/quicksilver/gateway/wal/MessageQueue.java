package dev.quicksilver.gateway.wal;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Messages on the way from the reader to the sequencer, bounded by their bytes: a sequencer that is
 * slower than PostgreSQL slows the reader down, not the heap. One message is always let in, however
 * large. For one producer and one consumer.
 */
public final class MessageQueue {
  /** What a message costs beside its bytes. */
  private static final int OVERHEAD = 64;

  /** Rows that wait wake the sequencer when they are so many, or at their COMMIT or a message. */
  private static final long WAKE_BYTES = 64 << 10;

  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition notEmpty = lock.newCondition();
  private final Condition notFull = lock.newCondition();
  private final ArrayDeque<ByteBuffer> messages = new ArrayDeque<>();
  private long bytes;
  private final LongSupplier nanoTime;
  private volatile long lullUntil;
  private boolean closed;
  private boolean nudged;
  private @Nullable Exception end;

  /**
   * Makes an empty queue.
   *
   * @param capacity in bytes
   */
  public MessageQueue(long capacity, LongSupplier nanoTime) {
    this.capacity = capacity;
    this.nanoTime = nanoTime;
    this.lullUntil = nanoTime.getAsLong();
  }

  /**
   * Says that nothing will be committed before a time of the clock: until then a COMMIT alone wakes
   * nobody.
   */
  public void lull(long until) {
    lullUntil = until;
  }

  /** Whether nobody waits for the next COMMIT. From any thread. */
  boolean isLull() {
    return lullUntil - nanoTime.getAsLong() > 0;
  }

  /** Adds a message, waiting for room; returns false if the queue is closed. */
  public boolean put(ByteBuffer message) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed && bytes >= capacity) {
        notFull.await();
      }
      if (closed) {
        return false;
      }
      messages.add(message);
      bytes += message.remaining() + OVERHEAD;
      // A wake-up for each row would cost more than the row.
      char type = message.hasRemaining() ? (char) message.get(message.position()) : 0;
      nudged |= type == 'M';
      if (nudged || bytes >= WAKE_BYTES || (type == 'C' && !isLull())) {
        notEmpty.signal();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Lets the consumer look after other things at once, without a message. */
  public void nudge() {
    lock.lock();
    try {
      nudged = true;
      notEmpty.signal();
    } finally {
      lock.unlock();
    }
  }

  /** The producer is done, for this reason. */
  public void end(Exception reason) {
    lock.lock();
    try {
      if (end == null) {
        end = reason;
      }
      notEmpty.signal();
    } finally {
      lock.unlock();
    }
  }

  /** The consumer is done: the producer is let go. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      messages.clear();
      notFull.signal();
      notEmpty.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Moves all that is there to {@code into}, waiting up to {@code timeoutNanos} for the first; in a
   * lull, for as many as are worth the while.
   *
   * @throws Exception the producer's reason, once everything it produced was taken
   */
  public void take(Collection<ByteBuffer> into, long timeoutNanos) throws Exception {
    lock.lockInterruptibly();
    try {
      long deadline = nanoTime.getAsLong() + timeoutNanos;
      while (!nudged && !isWorthTaking() && end == null && !closed) {
        long now = nanoTime.getAsLong();
        long left = deadline - now;
        if (left <= 0) {
          break;
        }
        long lull = lullUntil - now;
        notEmpty.awaitNanos(lull > 0 ? Math.min(left, lull) : left);
      }
      nudged = false;
      if (messages.isEmpty() && end != null) {
        throw end;
      }
      into.addAll(messages);
      messages.clear();
      bytes = 0;
      notFull.signal();
    } finally {
      lock.unlock();
    }
  }

  private boolean isWorthTaking() {
    return isLull() ? bytes >= WAKE_BYTES : !messages.isEmpty();
  }

  /** True if nothing waits. */
  public boolean isEmpty() {
    lock.lock();
    try {
      return messages.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** The default time that the sequencer waits before it looks after other things. */
  public static long tick() {
    return TimeUnit.MILLISECONDS.toNanos(100);
  }
}

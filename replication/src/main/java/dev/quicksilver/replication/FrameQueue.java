package dev.quicksilver.replication;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Received messages on their way from the reading to the applying thread, bounded by bytes.
 * Thread-safe.
 */
final class FrameQueue {
  private record Item(Message message, long bytes) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Item> items = new ArrayDeque<>();
  private final long maxBytes;
  private long bytes;
  private @Nullable IOException end;

  FrameQueue(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Waits for room. Returns false if the queue was closed. */
  boolean put(Message message, long size) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (end == null && bytes > 0 && bytes + size > maxBytes) {
        changed.await();
      }
      if (end != null) {
        return false;
      }
      items.add(new Item(message, size));
      bytes += size;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns the next message, or null after the time; once empty and closed, throws what it was
   * closed with.
   */
  @Nullable Message poll(long timeoutNanos) throws IOException {
    lock.lock();
    try {
      long left = timeoutNanos;
      while (items.isEmpty()) {
        if (end != null) {
          throw new IOException(end.getMessage(), end);
        }
        if (left <= 0) {
          return null;
        }
        left = changed.awaitNanos(left);
      }
      Item item = items.remove();
      bytes -= item.bytes();
      changed.signalAll();
      return item.message();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  /** No more messages; the first cause stays. */
  void close(IOException cause) {
    lock.lock();
    try {
      if (end == null) {
        end = cause;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}

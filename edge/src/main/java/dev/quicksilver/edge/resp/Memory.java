package dev.quicksilver.edge.resp;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes that wait in this process for clients to send the rest of a command or to take their
 * replies. Safe for all threads.
 */
final class Memory {
  private final long most;
  private final AtomicLong used = new AtomicLong();

  Memory(long most) {
    this.most = most;
  }

  void add(long bytes) {
    used.addAndGet(bytes);
  }

  /** Whether nobody should get more before others have left some. */
  boolean isFull() {
    return used.get() >= most;
  }

  long used() {
    return used.get();
  }
}

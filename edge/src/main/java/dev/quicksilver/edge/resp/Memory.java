package dev.quicksilver.edge.resp;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes that wait in this process for clients: of commands that are not complete, and of
 * replies that were not taken. Each kind has half. Replies that fill theirs keep commands from
 * being run, and leave as clients take them or are closed; commands that fill theirs keep other
 * long ones from growing, and nobody from being answered. Safe for all threads.
 */
final class Memory {
  private volatile long mostOfEach;
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong replies = new AtomicLong();

  Memory(long most) {
    this.mostOfEach = most / 2;
  }

  /** Takes another bound; what waits already may stay. */
  void most(long bytes) {
    mostOfEach = bytes / 2;
  }

  void addRequests(long bytes) {
    requests.addAndGet(bytes);
  }

  void addReplies(long bytes) {
    replies.addAndGet(bytes);
  }

  boolean isFullOfRequests() {
    return requests.get() >= mostOfEach;
  }

  boolean isFullOfReplies() {
    return replies.get() >= mostOfEach;
  }

  long used() {
    return requests.get() + replies.get();
  }
}

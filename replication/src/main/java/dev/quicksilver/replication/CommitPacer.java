package dev.quicksilver.replication;

import java.time.Duration;

/**
 * When to commit: at once if the last commit is at least a window ago, so that the first change
 * after a pause never waits; otherwise when the window is over, or when the transaction has grown
 * to its bound. One thread.
 */
final class CommitPacer {
  private final long windowNanos;
  private final long maxBytes;
  private boolean committedBefore;
  private long lastCommit;
  private long bytes;

  CommitPacer(Duration window, long maxBytes) {
    this.windowNanos = window.toNanos();
    this.maxBytes = maxBytes;
  }

  void add(long appliedBytes) {
    bytes += appliedBytes;
  }

  /** Returns how long a commit must still wait, in ns; 0 if it is due. */
  long remaining(long now) {
    if (!committedBefore || bytes >= maxBytes) {
      return 0;
    }
    return Math.max(0, windowNanos - (now - lastCommit));
  }

  void committed(long now) {
    committedBefore = true;
    lastCommit = now;
    bytes = 0;
  }

  /** What was applied has been thrown away. */
  void discarded() {
    bytes = 0;
  }
}

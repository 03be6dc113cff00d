package dev.quicksilver.replication;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * When to commit: at once if the last commit began at least a window ago, so that the first change
 * after a pause never waits; otherwise when the window is over, or when the transaction has grown
 * to its bound. Since windows are counted from the beginning of a commit, a node whose window is
 * not longer than its upstream's is ready whenever the upstream sends: only one window is waited
 * for on the whole way, not one at each hop (ADR 16). Far behind, where commits are large, the
 * window grows with the time they take, since the same pages would be written again and again. One
 * thread.
 */
final class CommitPacer {
  /** A commit of n ms is followed by at least this many times n ms of work. */
  private static final long COMMIT_SHARE = 4;

  /**
   * Smaller commits than this leave the window as it is: their time is the disk's, not the size's.
   */
  private static final long LARGE_BYTES = 1 << 20;

  private static final long LONGEST_WINDOW = TimeUnit.SECONDS.toNanos(2);

  private final long windowNanos;
  private final long maxBytes;
  private boolean committedBefore;
  private long notBefore;
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
    return Math.max(0, notBefore - now);
  }

  void committed(long began, long ended) {
    committedBefore = true;
    notBefore = began + windowNanos;
    if (bytes >= LARGE_BYTES) {
      long longest = Math.max(windowNanos, LONGEST_WINDOW);
      notBefore = ended + Math.clamp(COMMIT_SHARE * (ended - began), windowNanos, longest);
    }
    bytes = 0;
  }

  /**
   * What was applied has been thrown away. The next block is committed alone: perhaps there was not
   * room for several at once.
   */
  void discarded() {
    committedBefore = false;
    bytes = 0;
  }
}

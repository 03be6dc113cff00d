package dev.quicksilver.replication;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Whether a node that can be the root is it. Its server serves followers only while it is: those of
 * a standby would be a level further down than they need to be. Thread-safe.
 */
public final class RootRole {
  /** How long a follower that comes while the node takes over is kept waiting for that. */
  static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

  /** What it is. */
  public enum Standing {
    /** The root, as far as it knows; or a relay or replica, which serves always. */
    ACTIVE,
    /** No active root is heard of: this node, or another one, is about to become it. */
    TAKING_OVER,
    /** Another node is the root, and this one follows it. */
    STANDING_BY
  }

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile Standing now;

  private RootRole(Standing now) {
    this.now = now;
  }

  /** Makes the role of a node that is this now. */
  public static RootRole of(Standing now) {
    return new RootRole(now);
  }

  /** Returns what the node is now. */
  public Standing now() {
    return now;
  }

  /** Says what the node is from now on. */
  public void become(Standing next) {
    lock.lock();
    try {
      now = next;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses what only an active node does. */
  void requireActive(NodeIdentity self) throws RefusedException {
    if (now != Standing.ACTIVE) {
      throw new RefusedException(
          RefusalCode.NOT_ACTIVE,
          "node \""
              + self.name()
              + "\" is a standby root and another one is active: use that, or a relay");
    }
  }

  /** The same, after having waited a little for a node that takes over. */
  void awaitActive(NodeIdentity self) throws RefusedException, InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = PATIENCE_NANOS;
      while (now == Standing.TAKING_OVER && left > 0) {
        left = changed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
    requireActive(self);
  }
}

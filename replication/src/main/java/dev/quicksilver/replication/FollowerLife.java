package dev.quicksilver.replication;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state that a follower is in and why, and its end. Once it was told to stop, every change of
 * state leads to STOPPED, which is never left. Thread-safe.
 */
final class FollowerLife {
  private static final Logger LOG = LoggerFactory.getLogger(FollowerLife.class);

  /** What goes on for days is not logged each time that it is tried again. */
  private static final long SAY_AGAIN = TimeUnit.MINUTES.toNanos(10);

  /** A state and what led to it. */
  record Now(FollowerState state, String reason) {}

  private record Said(String reason, long at) {}

  private final String name;
  private final Ticker ticker;
  private final Map<FollowerState, Said> said = new EnumMap<>(FollowerState.class);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stopped = lock.newCondition();
  private Now now = new Now(FollowerState.CONNECTING, "start");
  private boolean stop;
  private boolean anew;
  private @Nullable UpstreamLink link;

  FollowerLife(String name, Ticker ticker) {
    this.name = name;
    this.ticker = ticker;
  }

  Now now() {
    lock.lock();
    try {
      return now;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The way from one state to another; to STOPPED also {@link #hold} and {@link #stoppedWithin}
   * lead, once it was told to stop.
   *
   * @return whether that is news: not if the same has led to the same state a short time ago
   */
  boolean become(FollowerState next, String why) {
    lock.lock();
    try {
      if (now.state() == FollowerState.STOPPED) {
        return false;
      }
      boolean news = now.state() != next && isNews(next, why);
      if (news) {
        LOG.info("database {}: {} to {}: {}", name, now.state(), next, why);
      } else if (now.state() != next) {
        LOG.debug("database {}: {} to {} again: {}", name, now.state(), next, why);
      }
      now = new Now(stop ? FollowerState.STOPPED : next, why);
      return news;
    } finally {
      lock.unlock();
    }
  }

  private boolean isNews(FollowerState next, String why) {
    if (next == FollowerState.STREAMING) {
      said.remove(FollowerState.CONNECTING);
      said.remove(FollowerState.BACKING_OFF);
      return true;
    }
    long time = ticker.nanos();
    Said before = said.get(next);
    if (before != null && before.reason().equals(why) && time - before.at() < SAY_AGAIN) {
      return false;
    }
    said.put(next, new Said(why, time));
    return true;
  }

  /** Holds a connection, so that stopping closes it; false if it is too late for one. */
  boolean hold(UpstreamLink fresh) {
    lock.lock();
    try {
      if (stop) {
        now = new Now(FollowerState.STOPPED, now.reason());
        return false;
      }
      link = fresh;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Closes the connection, if there is one, and returns how many bytes it has received. */
  long release() {
    lock.lock();
    try {
      UpstreamLink held = link;
      if (held == null) {
        return 0;
      }
      held.close();
      link = null;
      return held.receivedBytes();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the bytes received on the connection that is held. */
  long receivedBytes() {
    lock.lock();
    try {
      return link == null ? 0 : link.receivedBytes();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits; returns true, and is STOPPED, as soon as it was told to stop; false early when it was
   * told to copy anew.
   */
  boolean stoppedWithin(long nanos) {
    lock.lock();
    try {
      long left = nanos;
      while (!stop && !anew && left > 0) {
        left = stopped.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      stop = true;
    } finally {
      if (stop) {
        now = new Now(FollowerState.STOPPED, now.reason());
      }
      lock.unlock();
    }
    return now().state() == FollowerState.STOPPED;
  }

  /** Tells it to copy the database anew: ends what it does or waits for. */
  void copyAnew() {
    lock.lock();
    try {
      anew = true;
      stopped.signalAll();
      if (link != null) {
        link.close();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns once whether it was told to copy anew. */
  boolean takeCopyAnew() {
    lock.lock();
    try {
      boolean told = anew;
      anew = false;
      return told;
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether it was told to stop or to copy anew. */
  boolean interrupted() {
    lock.lock();
    try {
      return stop || anew;
    } finally {
      lock.unlock();
    }
  }

  /** Tells it to stop and closes its connection. */
  void stop() {
    lock.lock();
    try {
      stop = true;
      stopped.signalAll();
      if (link != null) {
        link.close();
      }
    } finally {
      lock.unlock();
    }
  }
}

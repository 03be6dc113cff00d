package dev.quicksilver.replication;

import dev.quicksilver.replication.FollowerPhase.Stopped;
import dev.quicksilver.storage.Pulse;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The phase that a follower is in and why, the only way from one to another, and what it was told
 * meanwhile. Only the follower's thread goes from phase to phase; all else is for any thread.
 */
final class FollowerLife {
  private static final Logger LOG = LoggerFactory.getLogger(FollowerLife.class);

  /** What goes on for days is not logged each time that it is tried again. */
  private static final long SAY_AGAIN = TimeUnit.MINUTES.toNanos(10);

  /** A phase and what led to it. */
  record Now(FollowerPhase phase, String reason) {
    FollowerState state() {
      return phase.shown();
    }
  }

  private record Said(String reason, long at) {}

  private final String name;
  private final Ticker ticker;
  private final Map<FollowerState, Said> said = new EnumMap<>(FollowerState.class);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition told = lock.newCondition();
  private final Pulse pulse;
  private Now now;
  private long bytesBefore;
  private boolean stop;
  private boolean anew;

  FollowerLife(String name, Ticker ticker, FollowerPhase first) {
    this.name = name;
    this.ticker = ticker;
    this.now = new Now(first, "start");
    this.pulse = new Pulse(ticker::nanos);
  }

  /** Its thread goes on. */
  void beat() {
    pulse.beat();
  }

  /** Returns for how long its thread has done nothing although something is due. */
  Duration silence() {
    return pulse.silence();
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
   * Leaves the phase for another one, closes what that does not hold as well, and throws away what
   * is not durable of what it has applied.
   *
   * @return whether that is news: not if others see the same state, or if the same has led to it a
   *     short time ago
   * @throws IllegalStateException if it has stopped
   */
  boolean move(FollowerPhase next, String why) {
    pulse.beat();
    FollowerPhase left;
    boolean news;
    lock.lock();
    try {
      left = now.phase();
      if (left instanceof Stopped) {
        throw new IllegalStateException("from " + left + " to " + next + ": " + why);
      }
      FollowerState from = left.shown();
      FollowerState to = next.shown();
      news = from != to && isNews(to, why);
      if (news) {
        LOG.info("database {}: {} to {}: {}", name, from, to, why);
      } else if (from != to) {
        LOG.debug("database {}: {} to {} again: {}", name, from, to, why);
      }
      enter(next, why);
    } finally {
      lock.unlock();
    }
    left.streams().stream().filter(one -> !next.streams().contains(one)).forEach(this::letGo);
    return news;
  }

  private void enter(FollowerPhase next, String why) {
    for (UpstreamLink link : now.phase().links()) {
      if (!next.links().contains(link)) {
        link.close();
        bytesBefore += link.receivedBytes();
      }
    }
    now = new Now(next, why);
    if (stop || anew) {
      next.links().forEach(UpstreamLink::close);
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

  private void letGo(UpstreamStream stream) {
    try {
      stream.close();
    } catch (RuntimeException e) {
      LOG.error("database {}: the connection was not left cleanly", name, e);
    }
  }

  /**
   * The same for the reason that was given last: only the data change, or it is tried again and
   * nobody knows a better one yet.
   */
  void goOn(FollowerPhase next) {
    move(next, now().reason());
  }

  /** It was told to stop, and does. */
  void end() {
    FollowerPhase left;
    lock.lock();
    try {
      left = now.phase();
      enter(new Stopped(), now.reason());
    } finally {
      lock.unlock();
    }
    pulse.rest();
    left.streams().forEach(this::letGo);
  }

  /** Returns the bytes received on all connections there were, and on those that are open. */
  long receivedBytes() {
    lock.lock();
    try {
      return bytesBefore
          + now.phase().links().stream().mapToLong(UpstreamLink::receivedBytes).sum();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until a time, in ns of the follower's ticker; returns early when it was told something.
   */
  void waitUntil(long time) {
    pulse.rest();
    lock.lock();
    try {
      long left = time - ticker.nanos();
      while (!stop && !anew && left > 0) {
        left = told.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      stop = true;
    } finally {
      lock.unlock();
      pulse.beat();
    }
  }

  /** Tells it to copy the database anew: ends what it does or waits for. */
  void copyAnew() {
    lock.lock();
    try {
      anew = true;
      interrupt();
    } finally {
      lock.unlock();
    }
  }

  /** Returns once whether it was told to copy anew. */
  boolean takeCopyAnew() {
    lock.lock();
    try {
      boolean was = anew;
      anew = false;
      return was;
    } finally {
      lock.unlock();
    }
  }

  /** Tells it to stop: ends what it does or waits for. */
  void stop() {
    lock.lock();
    try {
      stop = true;
      interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void interrupt() {
    told.signalAll();
    now.phase().links().forEach(UpstreamLink::close);
  }

  boolean isStopping() {
    lock.lock();
    try {
      return stop;
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
}

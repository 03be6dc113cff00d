package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.RootHead;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How far one database of a node is behind the root, from what comes down the tree. Thread-safe.
 *
 * <p>The root says: at this time of my clock, that was my head. When the node has that sequence, it
 * knows that it has all that the root had at that time. The lag is what has passed on the root's
 * clock since then, and goes on growing when nothing more is heard. Between two machines no clocks
 * are compared, see {@link RootClock}.
 */
final class RootLag {
  private static final int MOST_WAITING = 64;

  private final UUID database;
  private final Ticker ticker;
  private final RootClock clock = new RootClock();
  private final Deque<RootHead> waiting = new ArrayDeque<>();
  private @Nullable RootHead newest;
  private OptionalLong newsAt = OptionalLong.empty();
  private long lastTime;
  private long durable;
  private long asOf;

  RootLag(UUID database, Ticker ticker) {
    this.database = database;
    this.ticker = ticker;
  }

  boolean isOf(UUID id) {
    return database.equals(id);
  }

  /** Takes what the upstream says of the root. */
  synchronized void heard(RootHead head) {
    clock.heard(head.rootTime() + head.age(), micros());
    if (newsAt.isEmpty() || head.rootTime() != lastTime) {
      newsAt = OptionalLong.of(ticker.nanos());
      lastTime = head.rootTime();
    }
    RootHead known = newest;
    if (known != null && isOlder(head, known)) {
      return; // from an upstream that knows less than the one before
    }
    newest = head;
    if (head.lastSequence() <= durable) {
      waiting.clear();
      asOf = head.rootTime();
    } else {
      waiting.addLast(head);
      if (waiting.size() > MOST_WAITING) {
        thin();
      }
    }
  }

  /**
   * While the root idles, only its time tells the older of two; unless its clock was set back, for
   * then the known one is in the future.
   */
  private boolean isOlder(RootHead head, RootHead known) {
    return head.lastSequence() < known.lastSequence()
        || (head.lastSequence() == known.lastSequence()
            && head.rootTime() < known.rootTime()
            && known.rootTime() <= rootTime().orElse(Long.MIN_VALUE));
  }

  /** Far behind, it is enough to know every second moment, then every fourth and so on. */
  private void thin() {
    boolean drop = false;
    for (Iterator<RootHead> each = waiting.iterator(); each.hasNext(); drop = !drop) {
      each.next();
      if (drop) {
        each.remove();
      }
    }
  }

  /** Says what is durable here now. */
  synchronized void durable(long sequence) {
    durable = sequence;
    RootHead first = waiting.peekFirst();
    while (first != null && first.lastSequence() <= sequence) {
      asOf = first.rootTime();
      waiting.removeFirst();
      first = waiting.peekFirst();
    }
  }

  /** Returns what to tell those below; empty if nothing was heard. */
  synchronized Optional<RootHead> forFollowers() {
    RootHead known = newest;
    OptionalLong now = rootTime();
    if (known == null || now.isEmpty()) {
      return Optional.empty();
    }
    long age = Math.max(0, now.getAsLong() - known.rootTime());
    return Optional.of(
        new RootHead(known.lastSequence(), known.commitTime(), known.rootTime(), age));
  }

  /**
   * Returns for how long the root has said nothing new, in ns: what a relay repeats does not count.
   * Empty if nothing was ever heard.
   */
  synchronized OptionalLong silence() {
    return newsAt.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(ticker.nanos() - newsAt.getAsLong());
  }

  /** Returns the root's last known sequence; 0 if nothing was heard. */
  synchronized long rootSequence() {
    RootHead known = newest;
    return known == null ? 0 : known.lastSequence();
  }

  /** Returns the root's time up to which nothing is missing here; 0 if none is known. */
  synchronized long asOf() {
    return asOf;
  }

  /** Returns the lag in µs; empty while it is not known. */
  synchronized OptionalLong lagMicros() {
    OptionalLong now = rootTime();
    return now.isEmpty() || asOf == 0
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, now.getAsLong() - asOf));
  }

  /** Returns what the root's clock says now, in µs. */
  synchronized OptionalLong rootTime() {
    return clock.at(micros());
  }

  private long micros() {
    return TimeUnit.NANOSECONDS.toMicros(ticker.nanos());
  }
}

package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Complete;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes of what an upstream says of itself what this node can say of itself: once each database
 * here has got as far, this node is complete up to the same position. On the thread of the
 * catalog's follower; the other databases are looked at from outside, for they come on connections
 * of their own.
 */
final class Completing {
  private static final Logger LOG = LoggerFactory.getLogger(Completing.class);
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(100);

  /** Commits may wait for a standby. */
  private static final long STANDBY_LOOK = TimeUnit.MILLISECONDS.toNanos(2);

  /** A node that is far behind waits for so many at most. */
  private static final int MOST_WAITING = 64;

  /** One takes about a hundred bytes. */
  private static final int MOST_POINTS = 1 << 17;

  private final DatabaseSet databases;
  private final boolean standby;
  private final Ticker ticker;
  private final Deque<Completeness> waiting = new ArrayDeque<>();
  private final Map<UUID, Completeness.Point> parts = new HashMap<>();
  private Position partsOf = Position.NONE;
  private long nextLook;
  private Map<UUID, DatabaseIdentity> named = Map.of();
  private long namedAt = -1;
  private String complaint = "";
  private Optional<Position> said = Optional.empty();

  Completing(DatabaseSet databases, boolean standby, Ticker ticker) {
    this.databases = databases;
    this.standby = standby;
    this.ticker = ticker;
    this.nextLook = ticker.nanos();
  }

  /** A new connection begins: what was half said on the one before is forgotten. */
  void connected() {
    parts.clear();
    said = Optional.empty();
  }

  /**
   * Returns what a standby root has to say to its upstream, once; empty if there is nothing new.
   */
  Optional<Position> toSay() {
    Optional<Completeness> now = standby ? databases.completeness() : Optional.empty();
    if (now.map(Completeness::position).equals(said) || !isStillHere(now)) {
      return Optional.empty();
    }
    said = now.map(Completeness::position);
    return said;
  }

  /** What was said before a restart may not be true any more. */
  private boolean isStillHere(Optional<Completeness> complete) {
    try {
      Optional<Database> catalog = databases.get(CatalogPair.CATALOG);
      return complete.isPresent()
          && catalog.isPresent()
          && complete.get().missing(databases, named(catalog.get())).isEmpty();
    } catch (StorageException | IOException e) {
      return false; // look() says why
    }
  }

  /** Returns after how many ns to look again at the latest. */
  long remaining() {
    return waiting.isEmpty() ? Long.MAX_VALUE : Math.max(0, nextLook - ticker.nanos());
  }

  /**
   * Takes what the upstream says of itself.
   *
   * @throws ProtocolException if it names more databases than there can be
   */
  void heard(Complete part) throws ProtocolException {
    if (!parts.isEmpty() && !part.upTo().position().equals(partsOf)) {
      throw new ProtocolException(
          "complete up to " + part.upTo().position() + " in the middle of " + partsOf);
    }
    partsOf = part.upTo().position();
    parts.putAll(part.upTo().databases());
    if (parts.size() > Protocol.MAX_DATABASES) {
      throw new ProtocolException("complete with more than " + Protocol.MAX_DATABASES);
    }
    if (!part.last()) {
      return;
    }
    Completeness upTo = new Completeness(part.upTo().position(), parts);
    parts.clear();
    if (upTo.isAfter(Optional.ofNullable(waiting.peekLast()).or(databases::completeness))) {
      waiting.addLast(upTo);
      if (waiting.size() > MOST_WAITING || (waiting.size() > 2 && points() > MOST_POINTS)) {
        thin();
      }
      nextLook = ticker.nanos();
    }
  }

  /** How many points of databases are waited for. */
  long points() {
    return waiting.stream().mapToLong(each -> each.databases().size()).sum();
  }

  /** Far behind, every second of them will do. The newest stays. */
  private void thin() {
    boolean drop = true;
    for (Iterator<Completeness> each = waiting.descendingIterator(); each.hasNext(); ) {
      each.next();
      drop = !drop;
      if (drop) {
        each.remove();
      }
    }
  }

  /** A catalog changes rarely, and a standby looks often. */
  private Map<UUID, DatabaseIdentity> named(Database catalog) throws IOException {
    long sequence = catalog.head().lastSequence();
    if (sequence != namedAt) {
      named = CatalogPair.named(catalog);
      namedAt = sequence; // what came meanwhile is seen with the next look
    }
    return named;
  }

  /** Looks, now and then, whether this node has got as far as an upstream was. */
  void look() {
    if (waiting.isEmpty() || nextLook - ticker.nanos() > 0) {
      return;
    }
    nextLook = ticker.nanos() + (standby ? STANDBY_LOOK : LOOK);
    try {
      Optional<Database> catalog = databases.get(CatalogPair.CATALOG);
      if (catalog.isEmpty()) {
        return;
      }
      Map<UUID, DatabaseIdentity> named = named(catalog.get());
      int reached = 0;
      Optional<Completeness> last = Optional.empty();
      for (Completeness next : waiting) {
        if (!next.missing(databases, named).isEmpty()) {
          break;
        }
        last = Optional.of(next);
        reached++;
      }
      last.ifPresent(databases::complete);
      for (; reached > 0; reached--) {
        waiting.removeFirst();
      }
      complaint = "";
    } catch (StorageException | IOException e) {
      String now = String.valueOf(e.getMessage());
      if (!now.equals(complaint)) {
        LOG.warn("This node cannot say how complete it is: {}", now);
      }
      complaint = now;
    }
  }
}

package dev.quicksilver.replication;

import dev.quicksilver.storage.record.Position;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The standby roots that follow this node, and up to where each holds everything. The server of a
 * process writes it, its gateway reads it. Thread-safe.
 */
public final class Standbys {
  /**
   * One of them.
   *
   * @param node its name
   * @param held {@link Position#NONE} before it has said so
   */
  public record Standby(String node, Position held) {}

  private final Map<Object, Standby> connected = new HashMap<>();
  private Runnable changed = () -> {};

  /** Makes one without standbys. */
  public Standbys() {}

  /** Has somebody told, on any thread, when what is held changes; in the place of the last one. */
  public synchronized void whenChanged(Runnable told) {
    changed = told;
  }

  /**
   * Notes what a standby has said, which is all that a server does here; and tests of a gateway.
   *
   * @param connection tells it from others
   */
  public void held(Object connection, String node, Position position) {
    Runnable told;
    synchronized (this) {
      connected.put(connection, new Standby(node, position));
      told = changed;
    }
    told.run();
  }

  synchronized void forget(Object connection) {
    connected.remove(connection);
  }

  /** Returns those that are connected now, by name. */
  public synchronized List<Standby> all() {
    List<Standby> all = new ArrayList<>(connected.values());
    all.sort(Comparator.comparing(Standby::node));
    return all;
  }

  /**
   * Returns the LSN up to which at least so many nodes hold everything, unsigned; 0 if there are
   * not so many.
   *
   * @param count at least 1
   * @param isOurs whether a position lies in the past of the PostgreSQL that is meant
   */
  public synchronized long heldBy(int count, Predicate<Position> isOurs) {
    Map<String, Long> byNode = new HashMap<>();
    for (Standby standby : connected.values()) {
      if (isOurs.test(standby.held())) {
        byNode.merge(
            standby.node(),
            standby.held().lsn(),
            (a, b) -> Long.compareUnsigned(a, b) >= 0 ? a : b);
      }
    }
    return byNode.values().stream()
        .sorted((a, b) -> Long.compareUnsigned(b, a))
        .skip(count - 1L)
        .findFirst()
        .orElse(0L);
  }
}

package dev.quicksilver.bridge.evaluate;

import dev.quicksilver.bridge.catalog.Tables;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/**
 * Gives a running evaluator the tables that there are. A transaction that reads a table keeps it
 * locked until it ends, however long that takes, and nobody else shall wait for it: a table that
 * gets other types is moved out of the way first, which needs no lock, and dropped when it can be.
 * Not thread-safe.
 */
final class TableFollower {
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private final Link admin;
  private final Map<String, Table> tables = new HashMap<>();
  private final FetchSizes fetchSizes = new FetchSizes();
  private final Queue<Integer> replaced = new ArrayDeque<>();
  private long generation = -1;
  private int lastReplaced;
  private boolean inUse;
  private long triedAt;

  /** One that has no table yet; changes are made over the superuser's connection. */
  TableFollower(Link admin) {
    this.admin = admin;
  }

  /**
   * Makes the changes that there are; what a transaction uses just now is dropped by a later call.
   *
   * @param now of a clock, in ns
   */
  void follow(Tables there, long now) throws IOException {
    if (there.generation() < generation
        || (there.generation() == generation && !(inUse && now - triedAt > PAUSE_NANOS))) {
      return;
    }
    inUse = false;
    triedAt = now;
    Map<String, Table> wanted = TableSql.of(there.databases());
    for (Table had : Set.copyOf(tables.values())) {
      Table next = wanted.get(had.name());
      if (next == null) {
        if (drop(TableSql.drop(had.name()))) {
          tables.remove(had.name());
        }
      } else if (!next.equals(had)) {
        int number = ++lastReplaced;
        admin.run(TableSql.moveAway(had.name(), number) + TableSql.create(next));
        replaced.add(number);
        tables.put(next.name(), next);
        fetchSizes.forget(next.name());
      }
    }
    for (Table table : wanted.values()) {
      if (!tables.containsKey(table.name())) {
        admin.run(TableSql.create(table));
        tables.put(table.name(), table);
        fetchSizes.forget(table.name());
      }
    }
    while (!replaced.isEmpty() && drop(TableSql.dropMoved(replaced.element()))) {
      replaced.remove();
    }
    generation = there.generation();
  }

  /** Has tables fetched in batches that suit the rows that they have now. */
  void fit(Evaluator.RowSizes sizes, long now) throws IOException {
    if (fetchSizes.due(now)) {
      String changes = fetchSizes.changes(tables.values(), sizes, now);
      if (!changes.isEmpty()) {
        admin.run(changes);
      }
    }
  }

  /** Drops something unless it is in use. */
  private boolean drop(String sql) throws IOException {
    try {
      admin.run("SET LOCAL lock_timeout = '50ms';" + sql);
      return true;
    } catch (Link.Refused e) {
      if (!e.message().state().equals("55P03")) {
        throw e;
      }
      inUse = true;
      return false;
    }
  }
}

package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.ArrayList;
import java.util.List;

/**
 * The open savepoints of a transaction, the innermost last, each with the settings to which a
 * rollback goes back. A name may stand there twice. Not thread-safe.
 */
final class Savepoints {
  private static final int MAX = 1000;

  private final List<Savepoint> open = new ArrayList<>();

  private record Savepoint(String name, Settings settings) {}

  /** How many are open. */
  int depth() {
    return open.size();
  }

  void open(String name, Settings settings) {
    if (open.size() >= MAX) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "more than " + MAX + " savepoints");
    }
    open.add(new Savepoint(name, settings.copy()));
  }

  /** Forgets a savepoint and those after it; returns how many are left. */
  int release(String name) {
    int index = find(name);
    open.subList(index, open.size()).clear();
    return index;
  }

  /** Forgets the savepoints after the named one; returns its depth, which is at least 1. */
  int rollBackTo(String name, Settings settings) {
    int depth = find(name) + 1;
    open.subList(depth, open.size()).clear();
    settings.restore(open.getLast().settings());
    return depth;
  }

  /** Whether there is one of that name. */
  boolean has(String name) {
    return open.stream().anyMatch(savepoint -> savepoint.name().equals(name));
  }

  void clear() {
    open.clear();
  }

  private int find(String name) {
    for (int i = open.size() - 1; i >= 0; i--) {
      if (open.get(i).name().equals(name)) {
        return i;
      }
    }
    throw PgException.of(SqlState.INVALID_SAVEPOINT, "savepoint \"" + name + "\" does not exist");
  }
}

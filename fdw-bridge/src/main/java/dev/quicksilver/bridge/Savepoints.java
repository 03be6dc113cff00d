package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.ArrayList;
import java.util.List;

/** The open savepoints of a transaction, the innermost last. A name may stand there twice. */
final class Savepoints {
  private static final int MAX = 1000;

  private final List<String> names = new ArrayList<>();

  /** How many are open. */
  int depth() {
    return names.size();
  }

  void open(String name) {
    if (names.size() >= MAX) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "more than " + MAX + " savepoints");
    }
    names.add(name);
  }

  /** Forgets a savepoint and those after it; returns how many are left. */
  int release(String name) {
    int index = find(name);
    names.subList(index, names.size()).clear();
    return index;
  }

  /** Forgets the savepoints after the named one; returns its depth, which is at least 1. */
  int rollBackTo(String name) {
    int depth = find(name) + 1;
    names.subList(depth, names.size()).clear();
    return depth;
  }

  private int find(String name) {
    int index = names.lastIndexOf(name);
    if (index < 0) {
      throw PgException.of(SqlState.INVALID_SAVEPOINT, "savepoint \"" + name + "\" does not exist");
    }
    return index;
  }
}

package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The cursors of a transaction: those that seek, and for those of the evaluator the keys to which
 * their scans are narrowed. Not thread-safe.
 */
final class Cursors {
  private static final int MOST = 1000;

  private final Map<String, Portal> seeking = new HashMap<>();
  private final Map<String, Map<String, KeySet>> evaluated = new HashMap<>();

  void open(String name, Portal portal) {
    if (evaluated.containsKey(name)) {
      throw exists(name);
    }
    requireFree(name);
    if (seeking.size() >= MOST) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many open cursors");
    }
    seeking.put(name, portal);
  }

  /** Refuses a name that a cursor has which seeks. */
  void requireFree(String name) {
    if (seeking.containsKey(name)) {
      throw exists(name);
    }
  }

  /** The name of a cursor or of a portal is taken. */
  static PgException exists(String name) {
    return PgException.of(SqlState.DUPLICATE_CURSOR, "cursor \"" + name + "\" already exists");
  }

  /** The cursor of a name if it is one that seeks. */
  @Nullable Portal seeking(String name) {
    return seeking.get(name);
  }

  /** A cursor of the evaluator's was declared. */
  void evaluated(String name, Map<String, KeySet> keys) {
    evaluated.put(name, keys);
  }

  /** The keys that matter to a cursor of the evaluator's. */
  Map<String, KeySet> narrowing(String name) {
    return evaluated.getOrDefault(name, Map.of());
  }

  /** Closes one that seeks; false if there is none of that name. */
  boolean close(String name) {
    evaluated.remove(name);
    Portal portal = seeking.remove(name);
    if (portal != null) {
      portal.close();
    }
    return portal != null;
  }

  /** Closes all. */
  void closeAll() {
    seeking.values().forEach(Portal::close);
    seeking.clear();
    evaluated.clear();
  }

  /**
   * Other cursors of the evaluator's may have the names by now: nothing is known of the keys that
   * matter to them.
   */
  void forgetNarrowing() {
    evaluated.clear();
  }

  /** Closes those that were declared after a savepoint, which go with what it undoes. */
  void closeBelow(int depth) {
    forgetNarrowing();
    seeking
        .values()
        .removeIf(
            cursor -> {
              if (cursor.depth() >= depth) {
                cursor.close();
                return true;
              }
              return false;
            });
  }

  /** Savepoints beyond a depth were released: their cursors belong to the one around. */
  void rise(int depth) {
    seeking.values().forEach(cursor -> cursor.rise(depth));
  }
}

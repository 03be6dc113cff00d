package dev.quicksilver.bridge.evaluate;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * How many rows the evaluator's postgres_fdw asks for at a time, by table: it holds them all in
 * memory, so that there are fewer of a table with large values. Not thread-safe.
 */
final class FetchSizes {
  /** What a fetch may bring by and large; a session's memory must hold it more than twice. */
  private static final long BYTES = 8 << 20;

  /** More rows are no faster. */
  static final int MOST = 2000;

  private static final long NANOS_BETWEEN_LOOKS = 1_000_000_000L;

  private final Map<String, Integer> sizes = new HashMap<>();
  private long lookedAt;
  private boolean looked;

  /** Whether it is time to look how large rows are. */
  boolean due(long nanos) {
    return !looked || nanos - lookedAt > NANOS_BETWEEN_LOOKS;
  }

  /** A table was made anew, and has the size of all. */
  void forget(String table) {
    sizes.remove(table);
  }

  /**
   * Statements that give tables the sizes that suit their rows now; tables that are not given are
   * forgotten.
   */
  String changes(Collection<Table> tables, Evaluator.RowSizes rows, long nanos) {
    looked = true;
    lookedAt = nanos;
    var sql = new StringBuilder();
    Map<String, Integer> before = Map.copyOf(sizes);
    sizes.clear();
    for (Table each : tables) {
      String table = each.name();
      int size = Math.clamp(rows.rowsWithin(table, BYTES), 1, MOST);
      int had = before.getOrDefault(table, MOST);
      boolean suits = size < had ? had - size < had / 4 : size < 2 * had;
      sizes.put(table, suits ? had : size);
      if (!suits) {
        sql.append(TableSql.fetchSize(each, size));
      }
    }
    return sql.toString();
  }
}

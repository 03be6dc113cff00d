package dev.quicksilver.loader;

import dev.quicksilver.loader.Batch.Row;
import dev.quicksilver.loader.LoadOptions.Mode;
import dev.quicksilver.loader.map.Mapping;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Writes the rows of batches within the transaction that is open. As long as all keys are new, COPY
 * writes them where they belong; otherwise into a temporary table first. Not thread-safe.
 */
final class BatchWriter {
  /** Batches that are merged before COPY is tried again. */
  private static final int MERGES = 50;

  private final Connection connection;
  private final Target target;
  private final Mode mode;
  private final boolean dryRun;
  private int merges;

  /** A row that PostgreSQL refused, and what it said. */
  record Refused(Row row, String reason) {}

  /**
   * What became of rows.
   *
   * @param loaded rows that changed something, but for those whose key was loaded before
   */
  record Written(long loaded, List<Refused> refused) {
    private static final Written NOTHING = new Written(0, List.of());

    Written plus(Written other) {
      List<Refused> all = new ArrayList<>(refused);
      all.addAll(other.refused);
      return new Written(loaded + other.loaded, all);
    }
  }

  /**
   * Writes to a table over a connection, without a transaction open.
   *
   * @param dryRun whether to find out only what would become of the rows, but for triggers and
   *     foreign keys
   */
  BatchWriter(Connection connection, Target target, Mode mode, boolean dryRun) throws SQLException {
    this.connection = connection;
    this.target = target;
    this.mode = mode;
    this.dryRun = dryRun;
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE IF EXISTS pg_temp.quicksilver_batch");
      statement.execute(
          "CREATE TEMPORARY TABLE quicksilver_batch"
              + " (quicksilver_n integer, quicksilver_again boolean, LIKE "
              + target.table()
              + (dryRun ? " INCLUDING CONSTRAINTS" : "")
              + ") ON COMMIT DELETE ROWS");
    }
    connection.commit();
  }

  Written write(Rows rows) throws SQLException {
    if (rows.isEmpty()) {
      return Written.NOTHING;
    }
    if (!dryRun && merges == 0 && rows.again() == 0) {
      Savepoint before = connection.setSavepoint();
      try {
        copy(rows);
        connection.releaseSavepoint(before);
        return new Written(rows.size(), List.of());
      } catch (SQLException e) {
        requireData(e);
        connection.rollback(before);
        merges = MERGES;
      }
    } else {
      merges = Math.max(0, merges - 1);
    }
    return merge(rows);
  }

  private void copy(Rows rows) throws SQLException {
    copy(
        "COPY %s (%s, %s)".formatted(target.table(), target.key(), target.value()),
        out -> {
          for (int i = 0; i < rows.size(); i++) {
            out.row(2);
            rows.write(i, out);
          }
        });
  }

  /** Into the temporary table, each with its number. */
  private void copyNumbered(List<Row> rows) throws SQLException {
    copy(
        "COPY pg_temp.quicksilver_batch (quicksilver_n, quicksilver_again, %s, %s)"
            .formatted(target.key(), target.value()),
        out -> {
          for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            out.row(4);
            out.integer(i);
            out.bool(row.again());
            out.pair(row.pair());
          }
        });
  }

  private interface Writing {
    void to(CopyRows out) throws SQLException;
  }

  private void copy(String sql, Writing rows) throws SQLException {
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn(sql + " FROM STDIN (FORMAT binary)");
    try {
      var out = new CopyRows(copy, target.jsonb());
      rows.to(out);
      out.end();
      copy.endCopy();
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  /**
   * Writes rows some of whose keys may be there; halves them until those that are refused are
   * alone.
   */
  private Written merge(List<Row> rows) throws SQLException {
    Savepoint before = connection.setSavepoint();
    try {
      Written written = mergeAll(rows);
      connection.releaseSavepoint(before);
      return written;
    } catch (SQLException e) {
      requireData(e);
      connection.rollback(before);
      if (rows.size() == 1) {
        return new Written(0, List.of(new Refused(rows.getFirst(), explain(e))));
      }
      int half = rows.size() / 2;
      return merge(rows.subList(0, half)).plus(merge(rows.subList(half, rows.size())));
    }
  }

  private Written mergeAll(List<Row> rows) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DELETE FROM pg_temp.quicksilver_batch");
      copyNumbered(rows);
      if (dryRun) {
        return compare(statement, rows);
      }
      return mode == Mode.INSERT_ONLY ? insert(statement, rows) : upsert(statement);
    }
  }

  private Written upsert(Statement statement) throws SQLException {
    String key = target.key();
    String value = target.value();
    String sql =
        """
        WITH written AS (
            INSERT INTO %1$s AS t (%2$s, %3$s)
            SELECT %2$s, %3$s FROM pg_temp.quicksilver_batch ORDER BY %2$s
            ON CONFLICT (%2$s) DO UPDATE SET %3$s = EXCLUDED.%3$s
            WHERE t.%3$s%4$s IS DISTINCT FROM EXCLUDED.%3$s%4$s
            RETURNING t.%2$s)
        SELECT count(*) FROM written JOIN pg_temp.quicksilver_batch b USING (%2$s)
        WHERE NOT b.quicksilver_again
        """
            .formatted(target.table(), key, value, comparable());
    try (ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return new Written(row.getLong(1), List.of());
    }
  }

  /** json has no equality. */
  private String comparable() {
    return target.valueType() == Mapping.Type.JSON ? "::text" : "";
  }

  private Written insert(Statement statement, List<Row> rows) throws SQLException {
    String sql =
        """
        WITH written AS (
            INSERT INTO %1$s (%2$s, %3$s)
            SELECT %2$s, %3$s FROM pg_temp.quicksilver_batch ORDER BY %2$s
            ON CONFLICT (%2$s) DO NOTHING
            RETURNING %2$s)
        SELECT b.quicksilver_n, w.%2$s IS NOT NULL, t.%3$s%4$s IS NOT DISTINCT FROM b.%3$s%4$s
        FROM pg_temp.quicksilver_batch b
        LEFT JOIN written w USING (%2$s)
        LEFT JOIN %1$s t USING (%2$s)
        """
            .formatted(target.table(), target.key(), target.value(), comparable());
    return outcome(statement, sql, rows);
  }

  /** What would become of rows. */
  private Written compare(Statement statement, List<Row> rows) throws SQLException {
    String sql =
        """
        SELECT b.quicksilver_n, t.%2$s IS NULL, t.%3$s%4$s IS NOT DISTINCT FROM b.%3$s%4$s
        FROM pg_temp.quicksilver_batch b
        LEFT JOIN %1$s t USING (%2$s)
        """
            .formatted(target.table(), target.key(), target.value(), comparable());
    return outcome(statement, sql, rows);
  }

  /** Reads rows of: which, whether it is new, whether its value is the same. */
  private Written outcome(Statement statement, String sql, List<Row> rows) throws SQLException {
    long loaded = 0;
    List<Refused> refused = new ArrayList<>();
    try (ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        boolean changes = row.getBoolean(2) || (mode != Mode.INSERT_ONLY && !row.getBoolean(3));
        Row written = rows.get(row.getInt(1));
        if (changes) {
          loaded += written.again() ? 0 : 1;
        } else if (!row.getBoolean(3)) {
          refused.add(new Refused(written, "the key is there already, with another value"));
        }
      }
    }
    return new Written(loaded, refused);
  }

  /** Lets errors pass that are no row's fault. */
  private static void requireData(SQLException e) throws SQLException {
    String state = Objects.toString(e.getSQLState(), "");
    if (!state.startsWith("22") && !state.startsWith("23")) {
      throw e;
    }
  }

  private static String explain(SQLException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof PSQLException of && of.getServerErrorMessage() != null) {
      ServerErrorMessage server = of.getServerErrorMessage();
      message =
          "PostgreSQL refuses it: "
              + server.getMessage()
              + (server.getDetail() == null ? "" : " (" + server.getDetail() + ")");
    }
    return message;
  }
}

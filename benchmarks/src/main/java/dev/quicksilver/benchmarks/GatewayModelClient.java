package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/**
 * A connection that runs transactions beside others: one that is a deadlock's victim, waits too
 * long for a lock or finds a table moved is run again. For one thread.
 */
final class GatewayModelClient implements AutoCloseable {
  private static final int ATTEMPTS = 200;

  /** Deadlock, lock timeout, a row that went to another partition meanwhile. */
  private static final Set<String> AGAIN = Set.of("40P01", "55P03", "40001");

  /** No such table or schema (any more). */
  private static final Set<String> MOVED = Set.of("42P01", "3F000");

  /** No partition for a row, or another one; a key that is taken, no such table. */
  private static final Set<String> UNFIT = Set.of("23514", "0A000", "23505", "42P01");

  private static final Set<String> REFUSALS = Set.of("55000", "42809");

  private final String name;
  private final Connection connection;
  private final Statement statement;
  private final Map<String, String> tables;
  private final TreeMap<String, Integer> kinds = new TreeMap<>();
  private long committed;
  private long pending;
  private int prepared;

  /**
   * Takes over the connection.
   *
   * @param tables where the tables are that are moved, by their databases
   */
  GatewayModelClient(String name, Connection connection, Map<String, String> tables)
      throws SQLException {
    this.name = name;
    this.connection = connection;
    this.statement = connection.createStatement();
    this.tables = tables;
    statement.execute("SET synchronous_commit = off; SET deadlock_timeout = '20ms'");
    statement.execute("SET lock_timeout = '2s'");
  }

  /** Returns how many row changes are committed; a TRUNCATE is one. */
  long changes() {
    return committed;
  }

  /** Returns how often each kind of statement and of end came, second attempts included. */
  Map<String, Integer> kinds() {
    return kinds;
  }

  /**
   * Runs a transaction until it could be committed, or rolled back in the end. If it fails the
   * connection is closed, so that nobody waits for its locks.
   */
  void transaction(List<GatewayModelStep> steps, boolean commit, boolean inTwoPhases)
      throws SQLException, IOException {
    boolean ended = false;
    try {
      for (int attempt = 1; !ended; attempt++) {
        ended = attempt(steps, commit, inTwoPhases, attempt == ATTEMPTS);
      }
    } finally {
      if (!ended) {
        connection.close();
      }
    }
  }

  /** Returns false if it has to be run again. */
  private boolean attempt(
      List<GatewayModelStep> steps, boolean commit, boolean inTwoPhases, boolean last)
      throws SQLException, IOException {
    GatewayModelStep at = steps.getFirst();
    try {
      pending = 0;
      Deque<Long> marks = new ArrayDeque<>();
      statement.execute("BEGIN");
      for (GatewayModelStep step : steps) {
        at = step;
        run(step, marks);
      }
      end(commit, inTwoPhases);
      return true;
    } catch (SQLException e) {
      boolean again = AGAIN.contains(e.getSQLState()) || wasMoved(at, e);
      if (last || !again) {
        String sql = moved(at.sql());
        throw new SQLException(
            name + ", " + at.kind() + ": " + sql.substring(0, Math.min(300, sql.length())),
            e.getSQLState(),
            e);
      }
      statement.execute("ROLLBACK");
      count("again after " + e.getSQLState());
      if (wasMoved(at, e)) {
        // Who moved it has committed, and tells where to when it next gets a processor.
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
      return false;
    }
  }

  private void end(boolean commit, boolean inTwoPhases) throws SQLException {
    if (inTwoPhases) {
      String transaction = "'" + name + " " + ++prepared + "'";
      statement.execute("PREPARE TRANSACTION " + transaction);
      statement.execute((commit ? "COMMIT" : "ROLLBACK") + " PREPARED " + transaction);
      count(commit ? "commit prepared" : "rollback prepared");
    } else {
      statement.execute(commit ? "COMMIT" : "ROLLBACK");
      count(commit ? "commit" : "rollback");
    }
    committed += commit ? pending : 0;
  }

  private void run(GatewayModelStep step, Deque<Long> marks) throws SQLException, IOException {
    switch (step.end()) {
      case DONE -> pending += execute(step);
      case SAVEPOINT -> {
        statement.execute(step.sql());
        marks.push(pending);
      }
      case ROLLED_BACK -> {
        statement.execute(step.sql());
        pending = marks.pop();
      }
      case DONE_OR_UNFIT -> {
        SQLException failure = attempt(step);
        if (failure != null) {
          if (!UNFIT.contains(failure.getSQLState()) || wasMoved(step, failure)) {
            throw failure;
          }
          count(step.kind() + ": " + failure.getSQLState());
          return;
        }
      }
      case REFUSED -> hint(step);
      case CURED -> {
        statement.execute(hint(step).replaceFirst(" first\\.$", ""));
        pending += execute(step);
      }
    }
    count(step.kind());
  }

  /** Runs what the guards have to refuse, and returns their hint. */
  private String hint(GatewayModelStep step) throws SQLException, IOException {
    SQLException failure = attempt(step);
    if (failure == null) {
      throw new AssertionError(name + ": was not refused: " + moved(step.sql()));
    }
    if (AGAIN.contains(failure.getSQLState()) || MOVED.contains(failure.getSQLState())) {
      throw failure;
    }
    String hint =
        failure instanceof PSQLException of && of.getServerErrorMessage() != null
            ? of.getServerErrorMessage().getHint()
            : null;
    if (!REFUSALS.contains(failure.getSQLState()) || hint == null || hint.isBlank()) {
      throw new AssertionError(
          name
              + ": was refused with "
              + failure.getSQLState()
              + " and hint "
              + hint
              + ": "
              + moved(step.sql()),
          failure);
    }
    return hint;
  }

  /** Runs a statement; if it fails all is as before, and the error is returned. */
  private @Nullable SQLException attempt(GatewayModelStep step) throws SQLException, IOException {
    statement.execute("SAVEPOINT attempt");
    try {
      pending += execute(step);
      statement.execute("RELEASE SAVEPOINT attempt");
      return null;
    } catch (SQLException e) {
      statement.execute("ROLLBACK TO SAVEPOINT attempt");
      statement.execute("RELEASE SAVEPOINT attempt");
      return e;
    }
  }

  private long execute(GatewayModelStep step) throws SQLException, IOException {
    String sql = moved(step.sql());
    if (step.csv() != null) {
      return connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(sql, new StringReader(step.csv()));
    }
    statement.execute(sql);
    return sql.startsWith("TRUNCATE") ? 1 : Math.max(0, statement.getUpdateCount());
  }

  private boolean wasMoved(GatewayModelStep step, SQLException e) {
    return MOVED.contains(e.getSQLState()) && !moved(step.sql()).equals(step.sql());
  }

  private String moved(String sql) {
    String moved = sql;
    for (Map.Entry<String, String> table : tables.entrySet()) {
      moved = moved.replace("{" + table.getKey() + "}", table.getValue());
    }
    return moved;
  }

  private void count(String kind) {
    kinds.merge(kind, 1, Integer::sum);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}

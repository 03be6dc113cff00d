package dev.quicksilver.benchmarks;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes transactions into table {@code kv} whose entries follow from their number, through the
 * fail-over of PostgreSQL: transaction n inserts {@code n % 20 + 1} rows and puts n into the row
 * {@code ~transaction}. A COMMIT whose answer was lost is looked up afterwards, so that each
 * transaction is written once.
 */
final class FailoverWriter implements Runnable {
  static final String COUNTER = "~transaction";

  private final String url;
  private final AtomicBoolean writing = new AtomicBoolean(true);
  private volatile long acknowledged;
  private volatile long unanswered;
  private volatile long interruptions;

  FailoverWriter(String url) {
    this.url = url;
  }

  /** The number of the last transaction that was acknowledged. */
  long acknowledged() {
    return acknowledged;
  }

  /** How many COMMITs were without an answer but had been done. */
  long unanswered() {
    return unanswered;
  }

  /** How often the connection was lost. */
  long interruptions() {
    return interruptions;
  }

  void stop() {
    writing.set(false);
  }

  /** How many entries transaction n has. */
  static int entries(long number) {
    return rows(number) + 1;
  }

  private static int rows(long number) {
    return (int) (number % 20) + 1;
  }

  /** The i-th entry of transaction n, as {@code SET key value}. */
  static String entry(long number, int i) {
    return i < rows(number)
        ? "SET " + key(number, i) + " " + value(number, i)
        : "SET " + COUNTER + " " + number;
  }

  private static String key(long number, int i) {
    return "key/" + number + "/" + i;
  }

  private static String value(long number, int i) {
    return "value of row " + i + " of transaction " + number;
  }

  @Override
  public void run() {
    while (writing.get()) {
      try (Connection connection = DriverManager.getConnection(url)) {
        lookUp(connection);
        write(connection);
      } catch (SQLException e) {
        interruptions = interruptions() + 1;
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }

  /** Finds out whether the transaction after the last acknowledged one was committed. */
  private void lookUp(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT coalesce(max(value), '0') FROM kv WHERE key = '" + COUNTER + "'")) {
      row.next();
      long there = Long.parseLong(row.getString(1));
      if (there == acknowledged + 1) {
        unanswered = unanswered() + 1;
        acknowledged = there;
      } else if (there != acknowledged) {
        throw new AssertionError(
            "PostgreSQL has transaction " + there + ", " + acknowledged + " was acknowledged");
      }
    }
  }

  private void write(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO kv (key, value) VALUES (?, ?)");
        PreparedStatement count =
            connection.prepareStatement(
                "INSERT INTO kv (key, value) VALUES ('"
                    + COUNTER
                    + "', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")) {
      while (writing.get()) {
        long number = acknowledged + 1;
        for (int i = 0; i < rows(number); i++) {
          insert.setString(1, key(number, i));
          insert.setString(2, value(number, i));
          insert.addBatch();
        }
        insert.executeBatch();
        count.setString(1, Long.toString(number));
        count.executeUpdate();
        connection.commit();
        acknowledged = number;
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    }
  }
}

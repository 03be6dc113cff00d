package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.process.Niceness;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A process of {@link IsolationBar}: {@code NICENESS PORT USER PASSWORD AUTHORITIES}. Sessions of a
 * bridge scan and aggregate all of {@code big} in a loop, and one more opens a transaction and sits
 * in it, until standard input ends. Then it prints how many statements came to their end, and how
 * many had too old a snapshot.
 */
final class IsolationAnalysts {
  private static final List<String> QUERIES =
      List.of(
          "SELECT key, value FROM big",
          "SELECT substring(key, 1, 7), count(*), max(value) FROM big GROUP BY 1",
          "SELECT key, sequence FROM big ORDER BY key DESC",
          "SELECT count(*) FROM big WHERE value ~ 'v+7'");

  /** A snapshot that became too old, which is what keeps the file small. */
  private static final Set<String> TOO_OLD = Set.of("72000");

  private final String url;
  private final Properties properties = new Properties();
  private final AtomicLong ended = new AtomicLong();
  private final AtomicLong cut = new AtomicLong();
  private volatile boolean over;
  private volatile String failure = "";

  private IsolationAnalysts(String[] arguments) {
    url = "jdbc:postgresql://127.0.0.1:" + arguments[1] + "/quicksilver";
    properties.setProperty("user", arguments[2]);
    properties.setProperty("password", arguments[3]);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", arguments[4]);
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Niceness.atLeast(Integer.parseInt(arguments[0]));
    var analysts = new IsolationAnalysts(arguments);
    List<Thread> threads = new ArrayList<>();
    for (String query : QUERIES) {
      threads.add(Thread.ofPlatform().start(() -> analysts.work(query, 0)));
    }
    String first = "SELECT value FROM big ORDER BY key LIMIT 1";
    threads.add(Thread.ofPlatform().start(() -> analysts.work(first, 1000)));
    while (System.in.read() >= 0) {
      // until the bar closes it
    }
    analysts.over = true;
    for (Thread thread : threads) {
      thread.join();
    }
    boolean failed = !analysts.failure.isEmpty();
    System.out.println(failed ? analysts.failure : analysts.ended + " " + analysts.cut);
    System.exit(failed ? 1 : 0);
  }

  private void work(String query, long sit) {
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      connection.setAutoCommit(false);
      while (!over) {
        once(connection, query, sit);
      }
    } catch (SQLException | InterruptedException e) {
      failure = query + ": " + e;
    }
  }

  private void once(Connection connection, String query, long sit)
      throws SQLException, InterruptedException {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(1000);
      do {
        try (ResultSet rows = statement.executeQuery(query)) {
          while (rows.next() && !over) {}
        }
        TimeUnit.MILLISECONDS.sleep(sit);
      } while (sit > 0 && !over);
      connection.commit();
      ended.incrementAndGet();
    } catch (SQLException e) {
      if (!TOO_OLD.contains(String.valueOf(e.getSQLState()))) {
        throw e;
      }
      cut.incrementAndGet();
      connection.rollback();
    }
  }
}

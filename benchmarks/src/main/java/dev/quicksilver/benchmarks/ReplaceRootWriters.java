package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.ReplaceRootTables.Table;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Connections that write small transactions at the same time, each with a row in the ledger: {@code
 * writer/number}, numbers from 1 on without a gap. What is acknowledged is known. One thread starts
 * and stops them.
 */
final class ReplaceRootWriters implements AutoCloseable {
  /** A table that was dropped meanwhile, and a deadlock: the transaction has not happened. */
  private static final Set<String> EXPECTED = Set.of("42P01", "40P01");

  private final EmbeddedPostgres postgres;
  private final String database;
  private final ReplaceRootTables tables;
  private final Random random;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<Void>> running = new ArrayList<>();
  private final Map<Integer, Long> acknowledged = new ConcurrentSkipListMap<>();
  private int count;
  private volatile boolean stopped;

  ReplaceRootWriters(
      EmbeddedPostgres postgres, String database, ReplaceRootTables tables, Random random) {
    this.postgres = postgres;
    this.database = database;
    this.tables = tables;
    this.random = random;
  }

  /** Starts some. */
  void start(int writers) {
    stopped = false;
    for (int i = 0; i < writers; i++) {
      int writer = ++count;
      acknowledged.put(writer, 0L);
      Random own = new Random(random.nextLong());
      running.add(
          executor.submit(
              () -> {
                write(writer, own);
                return null;
              }));
    }
  }

  /** Stops those that run; fails if one of them has failed. */
  void stop() throws InterruptedException {
    stopped = true;
    try {
      for (Future<Void> each : running) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError("a writer failed: " + e.getCause(), e);
    } finally {
      running.clear();
    }
  }

  /** Commits a row of the ledger while none of them runs. */
  void writeLast() throws SQLException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement()) {
      long number = acknowledged.getOrDefault(0, 0L) + 1;
      statement.execute(entry(0, number));
      acknowledged.put(0, number);
    }
  }

  private static String entry(int writer, long number) {
    return "INSERT INTO "
        + ReplaceRootTables.LEDGER
        + " (key, value) VALUES ('"
        + key(writer, number)
        + "', '')";
  }

  boolean areStopped() {
    return running.isEmpty();
  }

  /** Returns the last number that was acknowledged, by writer. */
  Map<Integer, Long> acknowledged() {
    return acknowledged;
  }

  /** The ledger's key of one transaction. */
  static String key(int writer, long number) {
    return writer + "/" + number;
  }

  private void write(int writer, Random own) throws SQLException, InterruptedException {
    try (Connection connection = postgres.connect(database);
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      long number = 1;
      while (!stopped) {
        try {
          int changes = 1 + own.nextInt(own.nextInt(10) == 0 ? 20 : 3);
          for (int i = 0; i < changes; i++) {
            change(statement, own);
          }
          statement.execute(entry(writer, number));
          connection.commit();
          acknowledged.put(writer, number);
          number++;
        } catch (SQLException e) {
          if (!EXPECTED.contains(e.getSQLState())) {
            throw e;
          }
          connection.rollback();
        }
        TimeUnit.MILLISECONDS.sleep(own.nextInt(40));
      }
    }
  }

  private void change(Statement statement, Random own) throws SQLException {
    List<Table> now = List.copyOf(tables.tables());
    if (now.isEmpty()) {
      return;
    }
    Table table = now.get(own.nextInt(now.size()));
    int from = own.nextInt(2_000);
    int to = from + own.nextInt(5);
    statement.execute(
        switch (own.nextInt(40)) {
          case 0 -> "TRUNCATE " + table.name();
          case 1, 2, 3, 4, 5, 6, 7, 8 -> table.delete(from, to);
          case 9, 10, 11, 12, 13, 14, 15 ->
              table.update(from, to, "'" + Long.toString(own.nextLong(), 36) + "'");
          default -> table.write(from, to, ReplaceRootTables.value(own, "md5(i::text)"));
        });
  }

  @Override
  public void close() {
    stopped = true;
    executor.close();
  }
}

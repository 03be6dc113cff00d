package dev.quicksilver.benchmarks;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes random transactions to one or more databases, each with the transaction's number in a row
 * of its own, through crashes of PostgreSQL: a COMMIT whose answer was lost is looked up, and the
 * same transaction is run again if it was not done. Its keys are nobody else's.
 */
final class GatewayKillWriter implements Runnable {
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(80);
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** Keys of a writer in one database: beyond that it deletes as often as it inserts. */
  private static final int MANY_KEYS = 500;

  private enum Change {
    INSERT("INSERT INTO %s (value, key) VALUES (?, ?)"),
    UPDATE("UPDATE %s SET value = ? WHERE key = ?"),
    DELETE("DELETE FROM %s WHERE value <> ? AND key = ?"),
    COUNT(
        "INSERT INTO %s (value, key) VALUES (?, ?)"
            + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");

    private final String sql;

    Change(String sql) {
      this.sql = sql;
    }
  }

  private record Step(String database, Change change, String key, String value) {
    String entry() {
      return change == Change.DELETE ? GatewayKillLog.delete(key) : GatewayKillLog.set(key, value);
    }
  }

  private final String name;
  private final String url;
  private final List<String> databases;
  private final GatewayKillLog log;
  private final Random random;
  private final Map<String, List<String>> keys = new HashMap<>();

  /** The number of the last transaction in each database that is known to be there. */
  private final Map<String, Long> done = new HashMap<>();

  private long number = 1;
  private List<Step> next;
  private volatile boolean writing = true;
  private volatile long interruptions;
  private volatile long unanswered;

  /**
   * Makes one.
   *
   * @param name which its keys begin with
   */
  GatewayKillWriter(
      String name, String url, List<String> databases, GatewayKillLog log, long seed) {
    this.name = name;
    this.url = url;
    this.databases = databases;
    this.log = log;
    random = new Random(seed);
    databases.forEach(database -> keys.put(database, new ArrayList<>()));
    next = plan();
  }

  /** How many transactions were committed. Meaningful while it does not run. */
  long transactions() {
    return number - 1;
  }

  /** How often the connection was lost, or could not be made. */
  long interruptions() {
    return interruptions;
  }

  /** How many COMMITs were without an answer but had been done. */
  long unanswered() {
    return unanswered;
  }

  /** Lets it end after the transaction that it is at. */
  void stop() {
    writing = false;
  }

  /** Writes until it is stopped; may be run again then. */
  @Override
  public void run() {
    writing = true;
    while (writing) {
      try (Connection connection = DriverManager.getConnection(url)) {
        lookUp(connection);
        write(connection);
      } catch (SQLException e) {
        GatewayKillLoad.requireLost(e);
        interruptions = interruptions() + 1;
        LockSupport.parkNanos(AGAIN_NANOS);
      }
    }
  }

  private String counter() {
    return name + "/~transaction";
  }

  /** Finds out whether the transaction that was begun last is there: everywhere or nowhere. */
  private void lookUp(Connection connection) throws SQLException {
    List<String> with = new ArrayList<>();
    List<String> without = new ArrayList<>();
    for (String database : databases) {
      try (PreparedStatement select =
          connection.prepareStatement("SELECT value FROM " + database + " WHERE key = ?")) {
        select.setString(1, counter());
        try (ResultSet row = select.executeQuery()) {
          long there = row.next() ? Long.parseLong(row.getString(1)) : 0;
          long before = done.getOrDefault(database, 0L);
          if (there != before && there != number) {
            throw new AssertionError(
                "PostgreSQL lost what it had acknowledged: table %s has transaction %d of %s, not %d"
                    .formatted(database, there, name, before));
          }
          if (next.stream().anyMatch(step -> step.database().equals(database))) {
            (there == number ? with : without).add(database);
          }
        }
      }
    }
    if (!with.isEmpty() && !without.isEmpty()) {
      throw new AssertionError(
          "PostgreSQL has transaction %d of %s in %s and not in %s"
              .formatted(number, name, with, without));
    }
    if (!with.isEmpty()) {
      unanswered = unanswered() + 1;
      committed();
    }
  }

  private void write(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    while (writing) {
      for (Step step : next) {
        String sql = step.change().sql.formatted(step.database());
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
          statement.setString(1, step.value());
          statement.setString(2, step.key());
          if (statement.executeUpdate() != 1) {
            throw new AssertionError(statement + " did not change one row");
          }
        }
      }
      connection.commit();
      committed();
      LockSupport.parkNanos(random.nextLong(LONGEST_PAUSE_NANOS));
    }
  }

  private void committed() {
    Map<String, List<String>> entries = new LinkedHashMap<>();
    for (Step step : next) {
      entries.computeIfAbsent(step.database(), _ -> new ArrayList<>()).add(step.entry());
    }
    entries.forEach(
        (database, transaction) -> {
          log.committed(database, name, transaction);
          done.put(database, number);
        });
    number++;
    next = plan();
  }

  /** What the next transaction does, in one database or in several at once. */
  private List<Step> plan() {
    List<Step> steps = new ArrayList<>();
    List<String> chosen =
        random.nextInt(4) == 0
            ? databases
            : List.of(databases.get(random.nextInt(databases.size())));
    for (String database : chosen) {
      // Sizes from 1 to 40, small ones often: the logarithm is uniform.
      int size = (int) Math.ceil(Math.exp(random.nextDouble() * Math.log(40)));
      for (int i = 0; i < size; i++) {
        steps.add(change(database));
      }
      steps.add(new Step(database, Change.COUNT, counter(), Long.toString(number)));
    }
    return steps;
  }

  private Step change(String database) {
    List<String> here = keys.getOrDefault(database, List.of());
    int kind = here.size() < 20 ? 0 : random.nextInt(here.size() > MANY_KEYS ? 3 : 4);
    if (kind == 1) {
      return new Step(database, Change.UPDATE, here.get(random.nextInt(here.size())), value());
    }
    if (kind == 2) {
      int at = random.nextInt(here.size());
      String key = here.get(at);
      here.set(at, here.getLast());
      here.removeLast();
      return new Step(database, Change.DELETE, key, "");
    }
    String key = name + "/" + Long.toHexString(random.nextLong());
    here.add(key);
    return new Step(database, Change.INSERT, key, value());
  }

  /** Mostly short, a few too large for a page. Never empty. */
  private String value() {
    int length = random.nextInt(60) == 0 ? 3_000 + random.nextInt(20_000) : 1 + random.nextInt(100);
    StringBuilder value = new StringBuilder(length + 13);
    while (value.length() < length) {
      value.append(Long.toString(random.nextLong(), 36));
    }
    value.setLength(length);
    return value.toString();
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.Pair;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes the numbers 1, 2, 3 … into the one row of a database, each a transaction, and knows when
 * it has sent which; so whoever sees a number at an edge knows how old it is at most.
 */
final class GatewayKillBeat implements Runnable {
  static final String DATABASE = "beat";

  private static final String WRITER = "beat";
  private static final String KEY = WRITER + "/last";
  private static final byte[] KEY_BYTES = KEY.getBytes(StandardCharsets.UTF_8);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final String url;
  private final GatewayKillLog log;

  /** In {@link System#nanoTime()}, by number. */
  private final Map<Long, Long> sent = new ConcurrentHashMap<>();

  private volatile long acknowledged;
  private volatile boolean beating = true;

  GatewayKillBeat(String url, GatewayKillLog log) {
    this.url = url;
    this.log = log;
  }

  /** Lets it end after the number that it is at. */
  void stop() {
    beating = false;
  }

  /** Writes until it is stopped; may be run again then. */
  @Override
  public void run() {
    beating = true;
    while (beating) {
      try (Connection connection = DriverManager.getConnection(url)) {
        lookUp(connection);
        write(connection);
      } catch (SQLException e) {
        GatewayKillLoad.requireLost(e);
        LockSupport.parkNanos(AGAIN_NANOS);
      }
    }
  }

  private void lookUp(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT max(value)::bigint FROM " + DATABASE)) {
      row.next();
      long there = row.getLong(1);
      if (there == acknowledged + 1) {
        acknowledged(there);
      } else if (there != acknowledged) {
        throw new AssertionError(
            "PostgreSQL has beat " + there + ", but " + acknowledged + " was acknowledged");
      }
    }
  }

  private void write(Connection connection) throws SQLException {
    try (PreparedStatement beat =
        connection.prepareStatement(
            "INSERT INTO "
                + DATABASE
                + " (key, value) VALUES ('"
                + KEY
                + "', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")) {
      while (beating) {
        long number = acknowledged + 1;
        beat.setString(1, Long.toString(number));
        sent.put(number, System.nanoTime());
        beat.executeUpdate();
        acknowledged(number);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void acknowledged(long number) {
    log.committed(DATABASE, WRITER, List.of(GatewayKillLog.set(KEY, Long.toString(number))));
    acknowledged = number;
  }

  /**
   * Whether a copy shows a number that was sent later than that.
   *
   * @param time in {@link System#nanoTime()}
   */
  boolean shows(Database copy, long time) {
    try (Snapshot snapshot = copy.snapshot()) {
      Pair last = snapshot.get(KEY_BYTES);
      if (last == null) {
        return false;
      }
      Long when = sent.get(Long.parseLong(new String(last.value(), StandardCharsets.UTF_8)));
      return when != null && when - time > 0;
    }
  }
}

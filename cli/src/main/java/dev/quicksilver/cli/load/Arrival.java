package dev.quicksilver.cli.load;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the root and the replicas once they have a load.
 *
 * @param replicas how many have it; each has compared its content digest with the root's at every
 *     block of the log, and would have refused one that differs
 * @param sequence of the root, at the end of the load or later
 * @param digest the root's content digest at that sequence; null if it did not say one in time
 */
record Arrival(int replicas, long sequence, @Nullable String digest) {
  private static final long LOOK_AGAIN_MILLIS = 50;

  /** How long the root may take to say what it has. */
  private static final Duration ROOT_SAYS = Duration.ofSeconds(15);

  /**
   * Waits for all that was committed to a database.
   *
   * @param share of the replicas, above 0 and up to 1
   * @param seconds to wait at most
   * @throws SQLException QS001 if they do not have it in time
   */
  static Arrival await(Connection connection, String database, double share, int seconds)
      throws SQLException, InterruptedException {
    connection.setAutoCommit(true);
    long sequence;
    int replicas;
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT quicksilver.wait_for_propagation(?, ?, make_interval(secs => ?))")) {
      query.setString(1, database);
      query.setDouble(2, share);
      query.setInt(3, seconds);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        replicas = row.getInt(1);
      }
    }
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT quicksilver.sequence_of(?, pg_current_wal_insert_lsn())")) {
      query.setString(1, database);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        sequence = row.getLong(1);
      }
    }
    return root(connection, database, replicas, sequence);
  }

  /** Waits until the root has said what it has at a sequence, or later. */
  private static Arrival root(Connection connection, String database, int replicas, long sequence)
      throws SQLException, InterruptedException {
    long until = System.nanoTime() + ROOT_SAYS.toNanos();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT sequence, content_digest FROM quicksilver.databases WHERE name = ?")) {
      query.setString(1, database);
      while (true) {
        try (ResultSet row = query.executeQuery()) {
          if (row.next() && row.getLong(1) >= sequence && row.getString(2) != null) {
            return new Arrival(replicas, row.getLong(1), row.getString(2));
          }
        }
        if (System.nanoTime() >= until) {
          return new Arrival(replicas, sequence, null);
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
      }
    }
  }
}

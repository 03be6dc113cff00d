package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.postgres.SqlSession;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Rights that change while other transactions go on. */
final class ReadersAtOnceTest extends ReaderRules {
  @Test
  void noRightWaitsForATableThatIsPublishedNorOutlivesADatabaseThatIsDropped() throws Exception {
    connection.rollback();
    try (Connection second = postgres.connect()) {
      SqlSession other = new SqlSession(second);
      other.execute("SET lock_timeout = '30s'");
      other.execute("CREATE ROLE carl LOGIN PASSWORD 'p'");
      other.execute("SELECT quicksilver.create_database('d')");
      session.execute("SELECT quicksilver.create_database('long')");
      other.execute("SELECT quicksilver.grant_read('carl', 'd')");
      other.execute("SELECT quicksilver.revoke_read('carl', '*')");
      connection.commit();

      session.execute("SELECT quicksilver.grant_read('carl', 'd')");
      Thread drops = dropping(other, "d");
      connection.commit();
      drops.join();
      assertThat(rows()).as("granted while it was dropped").isEmpty();
      connection.rollback();

      second.setAutoCommit(false);
      other.execute("SELECT quicksilver.drop_database('long')");
      Thread commits = committing(second);
      refused("SELECT quicksilver.grant_read('carl', 'long')", "3D000", "'long'", "databases");
      commits.join();
      connection.rollback();
      second.setAutoCommit(true);
      other.execute("DROP ROLE carl");
    }
  }

  /** Drops a database in a thread, and returns once that waits for a lock. */
  private static Thread dropping(SqlSession other, String database) throws Exception {
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    other.execute("SELECT quicksilver.drop_database('" + database + "')");
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                });
    awaitLock();
    return thread;
  }

  /** Commits as soon as somebody waits for a lock. */
  private static Thread committing(Connection other) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                awaitLock();
                other.commit();
              } catch (SQLException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private static void awaitLock() throws SQLException {
    try (Connection watching = postgres.connect()) {
      SqlSession watch = new SqlSession(watching);
      while (watch.query("SELECT count(*) FROM pg_locks WHERE NOT granted").equals("0")) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void refusesAnOldSnapshot() throws SQLException {
    connection.rollback();
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    refused(
        "SELECT quicksilver.grant_read('ann', '*')", "25001", "would not see", "READ COMMITTED");
    refused("SELECT quicksilver.revoke_read('x', '*')", "25001", "would not see", "READ COMMITTED");
  }
}

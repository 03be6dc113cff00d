package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL's commits wait for a root that is a process of its own. */
final class SynchronousModeTest {
  @TempDir Path data;
  private Process process;

  @Test
  void commitReturnsWhenTheEntryIsDurableOnTheRoot() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Root root = new Root(postgres, "synchronous", data)) {
      root.execute("CREATE TABLE unpublished (a int)");
      start(root);
      Root.eventually("the slot is held", () -> senders(root).equals("1"));
      root.execute("SELECT quicksilver.create_database('dns')");
      root.execute("SELECT quicksilver.wait_sequenced('60s')");
      root.execute("ALTER SYSTEM SET synchronous_standby_names = '\"quicksilver-root\"'");
      root.execute("SELECT pg_reload_conf()");
      Root.eventually(
          "PostgreSQL waits for the root",
          () ->
              root.query("SELECT coalesce(min(sync_state), '') FROM pg_stat_replication")
                  .equals("sync"));
      // Sessions wait from when the checkpointer has read the new setting, which it does first.
      root.execute("CHECKPOINT");
      try {
        Path environment = new DatabaseDirectory(data).environment("dns").orElseThrow();
        try (Database dns = Database.openReadOnly(environment, RootProcess.OPTIONS)) {
          for (int i = 1; i <= 200; i++) {
            root.execute("INSERT INTO dns VALUES ('k" + i + "', '')");
            assertThat(dns.head().lastSequence()).as("after COMMIT returned").isEqualTo(i);
          }
          // A commit that brings the root nothing is not left waiting either.
          for (int i = 0; i < 20; i++) {
            root.execute("INSERT INTO unpublished VALUES (1)");
          }

          process.destroyForcibly().waitFor();
          CompletableFuture<Void> commit =
              CompletableFuture.runAsync(
                  () -> execute(postgres, "INSERT INTO dns VALUES ('waits', '')"));
          Root.eventually(
              "COMMIT waits",
              () ->
                  postgresQuery(
                          postgres,
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                      .equals("1"));
          execute(postgres, "SET synchronous_commit = local; INSERT INTO unpublished VALUES (2)");
          assertThat(commit).isNotDone();
          // What a root does first must not wait for the root.
          Migrations.migrate(postgres.jdbcUrl("synchronous"), "", "");
          start(root);
          commit.get(60, TimeUnit.SECONDS);
          assertThat(dns.head().lastSequence()).isEqualTo(201);
        }
        process.destroyForcibly().waitFor();
      } finally {
        execute(
            postgres,
            "SET synchronous_commit = local; ALTER SYSTEM RESET synchronous_standby_names");
        execute(postgres, "SELECT pg_reload_conf()");
      }
      // Switched off, commits no longer wait for a root that is down.
      root.execute("INSERT INTO dns VALUES ('on', '')");
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static String senders(Root root) throws SQLException {
    return root.query(
        "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = 'synchronous'");
  }

  private static void execute(EmbeddedPostgres postgres, String sql) {
    try (Connection connection = postgres.connect("synchronous");
        Statement statement = connection.createStatement()) {
      for (String one : sql.split("; ")) {
        statement.execute(one);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String postgresQuery(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = postgres.connect()) {
      return new dev.quicksilver.postgres.SqlSession(connection).query(sql);
    }
  }

  /** It records an idle WAL once an hour only. */
  private void start(Root root) throws Exception {
    process = RootProcess.start(root, data, Duration.ofHours(1), "-Xmx256m");
  }
}

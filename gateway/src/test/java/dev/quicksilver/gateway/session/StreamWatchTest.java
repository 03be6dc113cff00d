package dev.quicksilver.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.gateway.Root;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.InstalledPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Processes of PostgreSQL that stand still, as SIGSTOP makes them, each in one of its own. */
@Execution(ExecutionMode.CONCURRENT)
final class StreamWatchTest {
  private static final String SENDER =
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender'";

  @TempDir Path data;

  @Test
  void aStreamThatFallsSilentIsADeadConnection() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Root root = new Root(postgres, "silent", data)) {
      root.launch(root.config.withSilence(Duration.ofSeconds(3)));
      root.awaitState(GatewayStatus.State.STREAMING);
      root.execute("SELECT quicksilver.create_database('dns')");
      root.catchUp();
      String sender = root.query(SENDER);
      signal("STOP", sender);
      try {
        root.execute("INSERT INTO dns VALUES ('a', '1')");
        Root.awaitStatus(
            root.gateway(),
            status ->
                status.state() == GatewayStatus.State.CONNECTING
                    && status
                        .lastProblem()
                        .startsWith("process " + sender + " of PostgreSQL still"),
            "the gateway says that the process hangs");
      } finally {
        signal("CONT", sender);
      }
      root.awaitState(GatewayStatus.State.STREAMING);
      root.catchUp();
      assertThat(root.log("dns")).containsExactly("SET a 1");
      assertThat(root.query(SENDER)).isNotEqualTo(sender);
    }
  }

  @Test
  void anIdleStreamIsNotADeadOne() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Root root = new Root(postgres, "idle", data)) {
      root.launch(
          root.config.withSilence(Duration.ofMillis(1500)).withIdleInterval(Duration.ofHours(1)));
      root.awaitState(GatewayStatus.State.STREAMING);
      String sender = root.query(SENDER);
      String asked =
          "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%are you there%' AND pid <>"
              + " pg_backend_pid()";
      Root.eventually("it has asked", () -> !root.query(asked).equals("0"));
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
      Root.eventually("some silences have passed", () -> System.nanoTime() - end > 0);
      assertThat(root.query(SENDER)).isEqualTo(sender);
      assertThat(root.gateway().status().lastProblem()).isEmpty();
    }
  }

  @Test
  void waitsOnAnOlderPostgresDoNotDependOnWhenItWritesItsWal() throws Exception {
    Optional<InstalledPostgres> older = InstalledPostgres.find(15, 16);
    if (older.isEmpty()) {
      System.out.println(
          "skipped: no PostgreSQL 15 or 16 is installed (apt install postgresql-15)");
    }
    Assumptions.assumeTrue(older.isPresent(), "no PostgreSQL 15 or 16 is installed");
    try (EmbeddedPostgres postgres =
            EmbeddedPostgres.builder().installed(older.orElseThrow()).start();
        Root root = new Root(postgres, "older", data)) {
      root.launch(root.config.withIdleInterval(Duration.ofHours(1)));
      root.awaitState(GatewayStatus.State.STREAMING);
      root.execute("SELECT quicksilver.create_database('dns')");
      String writer =
          root.query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'");
      // One that sleeps as an idle server's does, but for longer than any test.
      signal("STOP", writer);
      try {
        root.execute("INSERT INTO dns VALUES ('a', '1')");
        root.execute("SELECT quicksilver.wait_sequenced('60s')");
        root.execute("SELECT quicksilver.wait_sequenced('60s')");
        assertThat(
                root.query(
                    "SELECT quicksilver.sequence_of('dns', pg_current_wal_insert_lsn(), '60s')"))
            .isEqualTo("1");
      } finally {
        signal("CONT", writer);
      }
    }
  }

  private static void signal(String name, String pid) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, pid).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }
}

package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.log.LogEntry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** SQL that waits for the root, which records nothing of its own accord. */
final class WaitsTest extends RootTest {
  private Connection connection;
  private SqlSession app;

  @BeforeEach
  void startRoot() throws Exception {
    root.launch(root.config.withIdleInterval(Duration.ofHours(1)));
    root.awaitState(GatewayStatus.State.STREAMING);
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("SELECT quicksilver.create_database('other')");
    root.execute("CREATE TABLE unpublished (a int)");
    root.execute("CREATE ROLE app_" + name + " LOGIN PASSWORD 'p' IN ROLE quicksilver_writer");
    root.execute("GRANT INSERT ON unpublished TO quicksilver_writer");
    String url = postgres.jdbcUrl(name);
    connection =
        DriverManager.getConnection(url.substring(0, url.indexOf('?')), "app_" + name, "p");
    app = new SqlSession(connection);
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void returnsWhenWhatWasCommittedIsInTheLog() throws Exception {
    for (int i = 1; i <= 50; i++) {
      app.execute("INSERT INTO dns VALUES ('k" + i + "', '')");
      app.execute("SELECT quicksilver.wait_sequenced('30s')");
      assertThat(root.databases().get("dns").orElseThrow().head().lastSequence()).isEqualTo(i);
    }
    app.execute("INSERT INTO other VALUES ('k', '')");
    app.execute("SELECT quicksilver.wait_sequenced('other', '30s')");
    assertThat(root.log("other")).containsExactly("SET k");
    app.execute("SELECT quicksilver.wait_sequenced()");
  }

  @Test
  void returnsThoughNothingOfOursWasWritten() throws Exception {
    for (int i = 0; i < 5; i++) {
      app.execute("INSERT INTO unpublished VALUES (1)");
      app.execute("SELECT quicksilver.wait_sequenced('30s')");
    }
    assertThat(root.log("quicksilver")).hasSize(2);
  }

  @Test
  void waitsForTheLogAndNotUntilPostgresMayForgetTheWal() throws Exception {
    root.stop();
    root.launch(
        root.config.withIdleInterval(Duration.ofHours(1)).withConfirmAfter(Duration.ofHours(1)));
    root.awaitState(GatewayStatus.State.STREAMING);
    long confirmed = root.gateway().status().confirmedLsn();
    for (int i = 1; i <= 20; i++) {
      app.execute("INSERT INTO dns VALUES ('k" + i + "', '')");
      app.execute("SELECT quicksilver.wait_sequenced('30s')");
      assertThat(root.databases().get("dns").orElseThrow().head().lastSequence()).isEqualTo(i);
      app.execute("INSERT INTO unpublished VALUES (1)");
      app.execute("SELECT quicksilver.wait_sequenced('30s')");
    }
    assertThat(root.gateway().status().confirmedLsn()).isEqualTo(confirmed);
    // Whoever sees no answer has it confirmed.
    app.execute("INSERT INTO dns VALUES ('last', '')");
    app.execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
    app.execute("SELECT quicksilver.wait_sequenced('30s')");
    app.execute("COMMIT");
    assertThat(root.databases().get("dns").orElseThrow().head().lastSequence()).isEqualTo(21);
    assertThat(root.gateway().status().confirmedLsn()).isGreaterThan(confirmed);
  }

  @Test
  void saysWhichSequenceAnLsnBecame() throws Exception {
    List<String> lsns = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      app.execute(
          "INSERT INTO dns SELECT i || '/%d', '' FROM generate_series(1, %d) i".formatted(i, i));
      lsns.add(app.query("SELECT pg_current_wal_insert_lsn()"));
    }
    app.execute("INSERT INTO dns VALUES ('later', '')");
    for (int i = 0; i < 20; i++) {
      assertThat(app.query("SELECT quicksilver.sequence_of('dns', '" + lsns.get(i) + "')"))
          .isEqualTo(Integer.toString(i * (i + 1) / 2));
    }
    assertThat(
            app.query(
                "SELECT string_agg(database || '=' || sequence, ' ')"
                    + " FROM quicksilver.sequence_of('"
                    + lsns.get(3)
                    + "')"))
        .isEqualTo("dns=6 other=0");
    app.execute("SELECT quicksilver.wait_sequenced('60s')"); // nobody has for the last one
    assertThat(root.entries("dns").stream().map(LogEntry::sequence)).hasSize(191);
  }

  @Test
  void survivesMessagesThatAreNotOurs() throws Exception {
    for (String content :
        List.of(
            "",
            "ask",
            "ask x y",
            "ask " + UUID.randomUUID() + " 0/0",
            "wait now",
            "x".repeat(9999))) {
      for (String transactional : List.of("true", "false")) {
        app.execute(
            "SELECT pg_logical_emit_message(%s, 'quicksilver', '%s')"
                .formatted(transactional, content));
      }
    }
    app.execute("SELECT pg_logical_emit_message(true, 'another', 'x')");
    app.execute("INSERT INTO dns VALUES ('a', '')");
    app.execute("SELECT quicksilver.wait_sequenced('30s')");
    assertThat(root.log("dns")).containsExactly("SET a");
  }

  @Test
  void timesOutWithAHintAndGoesOnWhenARootIsThere() throws Exception {
    app.execute("INSERT INTO dns VALUES ('a', '')");
    app.execute("SELECT quicksilver.wait_sequenced('30s')");
    root.stop();
    app.execute("INSERT INTO dns VALUES ('b', '')");
    assertThatThrownBy(() -> app.execute("SELECT quicksilver.wait_sequenced('100ms')"))
        .isInstanceOfSatisfying(
            PSQLException.class,
            e -> {
              ServerErrorMessage error = e.getServerErrorMessage();
              assertThat(error.getSQLState()).isEqualTo("QS001");
              assertThat(error.getMessage()).contains("00:00:00.1", "not durable");
              assertThat(error.getHint()).contains("is a root running?");
            });
    root.launch(root.config.withIdleInterval(Duration.ofHours(1)));
    app.execute("SELECT quicksilver.wait_sequenced('60s')");
    assertThat(root.log("dns")).containsExactly("SET a", "SET b");
  }

  @Test
  void showsHowFarDatabasesAre() throws Exception {
    app.execute("INSERT INTO dns VALUES ('a', ''), ('b', '')");
    Root.await(
        "the view shows it",
        () ->
            app.query(
                "SELECT concat_ws(' ', sequence, last_heard > now() - interval '1 minute',"
                    + " last_commit IS NOT NULL) FROM quicksilver.databases WHERE name = 'dns'"),
        "2 t t"::equals);
    Root.await("the slot is measured", () -> root.gateway().retainedWal(), bytes -> bytes >= 0);
    assertThat(root.gateway().isSynchronous()).isFalse();
  }
}

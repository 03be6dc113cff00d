package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.postgresql.util.PSQLException;

/**
 * SQL that waits for replicas, with a PostgreSQL, a root and two replicas in their own processes.
 */
@Execution(ExecutionMode.CONCURRENT)
final class PropagationTest {
  private static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(1L << 30);

  @TempDir private Path folder;
  private Cluster cluster;
  private EmbeddedPostgres postgres;
  private Connection connection;
  private SqlSession session;

  @BeforeEach
  void start() throws Exception {
    postgres = EmbeddedPostgres.start();
    connection = postgres.connect();
    session = new SqlSession(connection);
    cluster = TestCluster.in(folder).usePostgres(CentralPostgres.of(postgres));
    cluster.start(NodeSpec.root("root").with(Settings.ROOT_WINDOW, "20ms"));
    startReplica("fra-1", "fra");
    startReplica("sin-1", "sin");
    session.execute("SELECT quicksilver.create_database('dns')");
    Await.until(
        "both replicas stream",
        () -> replicas("name, state"),
        "fra-1 STREAMING, sin-1 STREAMING"::equals);
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
    connection.close();
    postgres.close();
  }

  private void startReplica(String name, String location) throws Exception {
    startReplica(name, name, location);
  }

  private void startReplica(String here, String name, String location) throws Exception {
    cluster.start(
        NodeSpec.replica(here, "root")
            .with(Settings.NODE_NAME, name)
            .with(Settings.NODE_LOCATION, location)
            .with(Settings.REPLICATION_WINDOW, "20ms"));
  }

  private int count(String condition) throws Exception {
    return Integer.parseInt(
        session.query("SELECT count(*) FROM quicksilver.replicas WHERE " + condition));
  }

  private String waitFor(String arguments) throws Exception {
    return session.query("SELECT quicksilver.wait_for_propagation(" + arguments + ")");
  }

  /** What PostgreSQL shows of the replicas of database dns. */
  private String replicas(String columns) throws Exception {
    return session.query(
        "SELECT coalesce(string_agg(concat_ws(' ', "
            + columns
            + "), ', '), 'none') FROM quicksilver.replicas WHERE database = 'dns'");
  }

  /** Waits in vain: longer each time until the root itself has answered before the time was up. */
  private void refused(String arguments, String message) {
    long millis = 100;
    PSQLException refusal = refusal(arguments, millis);
    while (refusal.getMessage().contains("the root has not said") && millis < 20_000) {
      millis *= 2;
      refusal = refusal(arguments, millis);
    }
    assertThat(refusal.getMessage()).contains(message);
  }

  private PSQLException refusal(String arguments, long millis) {
    PSQLException refusal =
        catchThrowableOfType(
            PSQLException.class, () -> waitFor(arguments + ", '" + millis + "ms'"));
    assertThat((Throwable) refusal).as("waiting in vain for %s", arguments).isNotNull();
    assertThat(refusal.getSQLState()).as(refusal.getMessage()).isEqualTo("QS001");
    return refusal;
  }

  /** What a library has to say of itself is no business of who reads the log. */
  @Test
  void aNormalStartWarnsOfNothing() throws Exception {
    for (String node : List.of("root", "fra-1", "sin-1")) {
      List<String> lines = Files.readAllLines(cluster.log(node));
      assertThat(lines).as(node).anyMatch(line -> line.contains(" is ready: "));
      assertThat(lines).as(node).noneMatch(line -> line.matches("\\S+ (WARN|ERROR) .*"));
    }
  }

  @Test
  void waitsForReplicasAndShowsThem() throws Exception {
    Path fra = new DatabaseDirectory(cluster.data("fra-1")).environment("dns").orElseThrow();
    Path sin = new DatabaseDirectory(cluster.data("sin-1")).environment("dns").orElseThrow();
    try (Database atFra = Database.openReadOnly(fra, OPTIONS);
        Database atSin = Database.openReadOnly(sin, OPTIONS)) {
      for (int i = 1; i <= 20; i++) {
        session.execute("INSERT INTO dns VALUES ('k" + i + "', '')");
        assertThat(waitFor(i % 2 == 0 ? "'dns'" : "'dns', timeout => '60s'")).isEqualTo("2");
        assertThat(atFra.head().lastSequence()).isEqualTo(i);
        assertThat(atSin.head().lastSequence()).isEqualTo(i);
      }
      session.execute("INSERT INTO dns VALUES ('fra', '')");
      assertThat(waitFor("'dns', 'fra', '60s'")).isEqualTo("1");
      assertThat(atFra.head().lastSequence()).isEqualTo(21);
    }
    assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("2");
    Await.until(
        "both replicas have all",
        () -> replicas("name, location, database, upstream, sequence, behind, state"),
        "fra-1 fra dns root 21 0 STREAMING, sin-1 sin dns root 21 0 STREAMING"::equals);
    refused("'dns', 'nowhere'", "0 of 0 replicas at location 'nowhere'");

    // One that went away counts for a minute: nobody shall think that it has what it has not.
    cluster.kill("sin-1");
    session.execute("INSERT INTO dns VALUES ('gone', '')");
    assertThat(waitFor("'dns', 0.5, '60s'")).isEqualTo("1");
    refused("'dns', 1", "1 of 2 replicas have sequence 22 of database 'dns'");
    cluster.restart("sin-1");
    assertThat(waitFor("'dns', 1, '60s'")).isEqualTo("2");

    session.execute(
        "INSERT INTO quicksilver.replica SELECT 'dns', 'old-1', 'old', 'root', 'STREAMING', 1,"
            + " now(), NULL, now() - interval '2 minutes'");
    assertThat(count("name = 'old-1' AND state = 'AWAY' AND behind = 21")).isEqualTo(1);
    assertThat(waitFor("'dns', 1, '60s'")).isEqualTo("2");

    Await.until(
        "the metrics tell of the slot, whose WAL is -1 while it cannot be asked for",
        () -> cluster.ask("root", "/metrics").body(),
        metrics ->
            metrics.contains("quicksilver_slot_synchronous{slot=\"quicksilver_postgres\"} 0.0")
                && metrics.contains(
                    "quicksilver_slot_retained_wal_bytes{slot=\"quicksilver_postgres\"} ")
                && !metrics.contains(
                    "quicksilver_slot_retained_wal_bytes{slot=\"quicksilver_postgres\"} -"));
  }

  @Test
  void aCopyOfADataDirectoryIsANodeOfItsOwnAndOneNameForTwoIsWarnedOf() throws Exception {
    cluster.kill("fra-1");
    cluster.copyData("fra-1", "copy");
    cluster.restart("fra-1");
    startReplica("copy", "fra-1", "fra");
    assertThat(cluster.process("copy").output()).contains("is a copy of");
    Await.until(
        "both nodes of one name are shown and marked",
        () -> replicas("name, state, problem"),
        "fra-1 STREAMING NAME_IN_USE, fra-1 STREAMING NAME_IN_USE, sin-1 STREAMING"::equals);
    session.execute("INSERT INTO dns VALUES ('k', '')");
    assertThat(waitFor("'dns', 1, '60s'")).isEqualTo("3");
    assertThat(waitFor("'dns', 'fra', '60s'")).isEqualTo("2");
    cluster.kill("copy");
    session.execute("INSERT INTO dns VALUES ('l', '')");
    assertThat(waitFor("'dns', 0.6, '60s'")).isEqualTo("2");
    refused("'dns', 1", "2 of 3 replicas have sequence 2 of database 'dns'");
    cluster.restart("copy");
    assertThat(waitFor("'dns', 1, '60s'")).isEqualTo("3");
    assertThat(cluster.process("copy").output()).doesNotContain("is a copy of");
    Await.until(
        "the status says so",
        () -> cluster.ask("root", "/status").body(),
        status -> status.split("NAME_IN_USE", -1).length == 1 + 2 * 2); // two databases
    Await.until(
        "the root's log says so",
        () -> cluster.process("root").output(),
        log -> log.contains("several nodes are named \"fra-1\""));
  }
}

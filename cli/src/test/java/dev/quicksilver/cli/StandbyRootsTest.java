package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.FaultProxy;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Two roots on one PostgreSQL, one of which stands by, and an edge that knows both. */
@Execution(ExecutionMode.CONCURRENT)
final class StandbyRootsTest {
  @TempDir private Path folder;
  private Cluster cluster;
  private EmbeddedPostgres postgres;
  private Connection connection;
  private SqlSession session;
  private int rows;

  @BeforeEach
  void start() throws Exception {
    postgres = EmbeddedPostgres.start();
    connection = postgres.connect();
    session = new SqlSession(connection);
    cluster =
        TestCluster.in(folder)
            .usePostgres(CentralPostgres.of(postgres))
            .everywhere(Settings.ROOT_WINDOW, "20ms")
            .everywhere(Settings.REPLICATION_WINDOW, "20ms");
    cluster.start(NodeSpec.root("a", "b"));
    awaitSequencing("a");
    cluster.start(NodeSpec.root("b", "a"));
    cluster.start(NodeSpec.replica("edge", "a", "b"));
    session.execute("SELECT quicksilver.create_database('dns')");
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
    connection.close();
    postgres.close();
  }

  private static Optional<DatabaseReport> dns(NodeStatus status) {
    return status.databases().stream().filter(each -> each.name().equals("dns")).findFirst();
  }

  private void awaitSequencing(String root) throws InterruptedException {
    cluster.awaitStatus(
        root,
        "to sequence",
        status ->
            status.databases().stream().anyMatch(each -> each.state() == DatabaseState.SEQUENCING));
  }

  /** Waits until a standby has what the active one has, and knows it. */
  private void awaitStandby(String standby) throws InterruptedException {
    cluster.awaitStatus(
        standby,
        "to follow",
        status ->
            status.healthy()
                && !status.complete().isEmpty()
                && dns(status).filter(d -> d.sequence() == rows).isPresent());
  }

  private void write() throws Exception {
    session.execute("INSERT INTO dns VALUES ('row " + ++rows + "', 'x')");
    DatabaseReport edge =
        dns(cluster.awaitStatus(
                "edge",
                "to have row " + rows,
                status -> dns(status).filter(d -> d.sequence() == rows).isPresent()))
            .orElseThrow();
    assertThat(edge.state()).isEqualTo(DatabaseState.STREAMING);
  }

  private void sameEverywhere(String... nodes) throws Exception {
    String chain = dns(cluster.status("edge")).orElseThrow().chainHash();
    for (String node : nodes) {
      Await.until(
          node + " has the edge's history",
          () -> dns(cluster.status(node)).map(DatabaseReport::chainHash).orElse(""),
          hash -> Objects.equals(hash, chain));
    }
    assertThat(Files.readString(cluster.log("edge"))).doesNotContain("COPYING");
  }

  @Test
  void theStandbyTakesOverFromOneThatIsKilledAndTheOldOneStandsBy() throws Exception {
    for (int i = 0; i < 5; i++) {
      write();
    }
    for (String[] pair : new String[][] {{"a", "b"}, {"b", "a"}, {"a", "b"}}) {
      awaitStandby(pair[1]);
      cluster.kill(pair[0]);
      write();
      write();
      cluster.restart(pair[0]);
      write();
      awaitStandby(pair[0]);
      sameEverywhere("a", "b");
    }
  }

  @Test
  void aStandbyFollowsAnotherAddressWithoutARestart() throws Exception {
    awaitStandby("b");
    write();
    cluster.stop("b");
    try (FaultProxy proxy = new FaultProxy(cluster.port("a", "replication"), 1)) {
      Path file = folder.resolve("b.toml");
      Files.writeString(file, "[replication]\nupstreams = [\"127.0.0.1:" + proxy.port() + "\"]\n");
      cluster.start(
          NodeSpec.root("b")
              .startedWith(
                  TestCluster.OPTIONS.withEnvironment(
                      Map.of("QUICKSILVER_CONFIG", file.toString()))));
      awaitStandby("b");
      write();
      awaitStandby("b");
      Files.writeString(
          file, "[replication]\nupstreams = [\"" + cluster.address("a", "replication") + "\"]\n");
      Ended taken = cluster.run("reload", "--data-directory=" + cluster.data("b"));
      assertThat(taken.output()).isEqualTo("root: replication.upstreams was taken\n");
    }
    write(); // what it followed is gone
    awaitStandby("b");
    cluster.kill("a");
    write();
    awaitSequencing("b");
  }

  @Test
  void oneThatHangsLosesTheSlotAndDoesNoHarmWhenItWakes() throws Exception {
    write();
    awaitStandby("b");
    cluster.process("a").hang();
    write();
    write();
    cluster.process("a").resume();
    write();
    awaitStandby("a");
    sameEverywhere("a", "b");
    assertThat(Files.readString(cluster.log("b"))).contains("ending its hold of the slot");
  }

  @Test
  void oneThatIsCutOffFromPostgresAloneStandsByForTheOther() throws Exception {
    write();
    cluster.stop("a");
    try (PartedProxy proxy = new PartedProxy(postgres.port())) {
      String direct = postgres.jdbcUrl();
      String url = direct.replace(":" + postgres.port() + "/", ":" + proxy.port() + "/");
      assertThat(url).isNotEqualTo(direct);
      awaitSequencing("b");
      cluster.start(NodeSpec.root("a", "b").with(Settings.POSTGRES_URL, url));
      awaitStandby("a");
      cluster.run("switch-over", "--data-directory=" + cluster.data("b"));
      awaitSequencing("a");
      awaitStandby("b");
      cluster.stop("edge");
      cluster.start(NodeSpec.replica("edge", "a", "b"));
      write();
      proxy.part();
      awaitSequencing("b");
      write();
      awaitStandby("a");
      // One that comes while PostgreSQL is away follows as well.
      cluster.kill("a");
      cluster.restart("a");
      write();
      awaitStandby("a");
      proxy.join();
      write();
      awaitStandby("a");
      cluster.kill("b");
      awaitSequencing("a");
      cluster.restart("b");
      write();
      awaitStandby("b");
      sameEverywhere("a", "b");
    }
  }

  @Test
  void oneThatLacksEntriesDoesNotTakeOver() throws Exception {
    write();
    awaitStandby("b");
    cluster.stop("b");
    cluster.kill("a");
    cluster.start(NodeSpec.root("a", "b").with(Settings.ROOT_CONFIRM_AFTER, "0s"));
    write();
    Await.until(
        "PostgreSQL may forget what b has not",
        () ->
            session.query(
                "SELECT confirmed_flush_lsn >= pg_current_wal_lsn() - 1000 FROM"
                    + " pg_replication_slots"),
        "t"::equals);
    cluster.kill("a");
    cluster.start(NodeSpec.root("b", "a"));
    cluster.awaitStatus(
        "b",
        "to say what it lacks",
        status -> !status.healthy() && status.problem().contains("is complete only up to"));
    // It comes from the one that has it.
    cluster.restart("a");
    write();
    awaitStandby("b");
    sameEverywhere("a", "b");
  }

  @Test
  void switchesOverWhenItIsTold() throws Exception {
    Ended refused = cluster.run("switch-over", "--data-directory=" + cluster.data("b"));
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.output()).contains("no standby root follows this one");
    write();
    Await.until(
        "the active root shows its standby",
        () -> cluster.run("status", "--data-directory=" + cluster.data("a")).output(),
        said -> said.contains("standby      b, complete up to "));
    for (String[] pair : new String[][] {{"a", "b"}, {"b", "a"}}) {
      awaitStandby(pair[1]);
      Ended done = cluster.run("switch-over", "--data-directory=" + cluster.data(pair[0]));
      assertThat(done.exitCode()).as(done.output()).isZero();
      assertThat(done.output()).contains("another root has taken over, probably " + pair[1]);
      awaitSequencing(pair[1]);
      write();
      awaitStandby(pair[0]);
    }
    sameEverywhere("a", "b");
  }

  @Test
  void commitsWaitUntilBothRootsHaveThem() throws Exception {
    write();
    awaitStandby("b");
    for (String root : new String[] {"b", "a"}) {
      cluster.stop(root);
    }
    for (String[] pair : new String[][] {{"a", "b"}, {"b", "a"}}) {
      cluster.start(
          NodeSpec.root(pair[0], pair[1])
              .with(Settings.ROOT_WINDOW, "0s")
              .with(Settings.ROOT_STANDBYS, "1"));
    }
    awaitSequencing("a");
    awaitStandby("b");
    session.execute("ALTER SYSTEM SET synchronous_standby_names = '\"quicksilver-root\"'");
    session.execute("SELECT pg_reload_conf()");
    Await.until(
        "commits wait for the root",
        () -> session.query("SELECT max(sync_state) FROM pg_stat_replication"),
        "sync"::equals);
    cluster.awaitStatus(
        "a", "to know", status -> status.slots().stream().anyMatch(slot -> slot.synchronous()));
    for (int i = 0; i < 200; i++) {
      session.execute("INSERT INTO dns VALUES ('row " + ++rows + "', 'x')");
      if (i % 20 == 0) {
        // What is acknowledged is there, so there is nothing to wait for.
        assertThat(dns(cluster.status("b")).orElseThrow().sequence()).isEqualTo(rows);
      }
    }
    cluster.kill("a");
    awaitSequencing("b");
    assertThat(dns(cluster.status("b")).orElseThrow().sequence()).isEqualTo(rows);
    cluster.awaitStatus(
        "b",
        "to say why commits wait",
        status -> !status.healthy() && status.problem().contains("root.standbys is 1, but"));
    // The one that is left has nobody to wait with: its commits wait for the other one.
    cluster.restart("a");
    write();
    awaitStandby("a");
    sameEverywhere("a", "b");
  }
}

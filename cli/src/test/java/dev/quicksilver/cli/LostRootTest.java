package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The root's machine is lost; a replica, or a backup, takes its place at its address. */
@Execution(ExecutionMode.CONCURRENT)
final class LostRootTest {
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
    cluster =
        TestCluster.in(folder)
            .usePostgres(CentralPostgres.of(postgres))
            .everywhere(Settings.ROOT_WINDOW, "20ms")
            .everywhere(Settings.ROOT_CONFIRM_AFTER, "0s")
            .everywhere(Settings.REPLICATION_WINDOW, "20ms");
    cluster.start(NodeSpec.root("root"));
    cluster.start(NodeSpec.replica("relay", "root"));
    cluster.start(NodeSpec.replica("edge", "relay", "root"));
    session.execute("SELECT quicksilver.create_database('dns')");
    session.execute("INSERT INTO dns SELECT i, i FROM generate_series(1, 1000) i");
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
    connection.close();
    postgres.close();
  }

  private static DatabaseReport dns(NodeStatus status) {
    return status.databases().stream()
        .filter(each -> each.name().equals("dns"))
        .findFirst()
        .orElseThrow();
  }

  private NodeStatus awaitSequence(String node, long sequence) throws InterruptedException {
    return cluster.awaitStatus(
        node,
        "to have sequence " + sequence,
        status ->
            status.databases().stream()
                .anyMatch(each -> each.name().equals("dns") && each.sequence() >= sequence));
  }

  /** Waits until a node knows that it has what the root has, which writes nothing meanwhile. */
  private void awaitComplete(String node) throws Exception {
    session.execute("CREATE TABLE IF NOT EXISTS other (i int)");
    NodeStatus root = cluster.status("root");
    cluster.awaitStatus(
        node, "to be complete", status -> lsn(status.complete()) >= lsn(root.complete()));
  }

  private static long lsn(String position) {
    int colon = position.lastIndexOf(':');
    if (colon < 0) {
      return 0;
    }
    String[] halves = position.substring(colon + 1).split("/");
    return Long.parseUnsignedLong(halves[0], 16) << 32 | Long.parseUnsignedLong(halves[1], 16);
  }

  /** PostgreSQL keeps what comes from now on, so that older copies can become the root. */
  private void confirmNothingMore() throws Exception {
    cluster.stop("root");
    cluster.start(NodeSpec.root("root").with(Settings.ROOT_CONFIRM_AFTER, "1h"));
  }

  /** Waits until PostgreSQL has been told that it may forget all that was written. */
  private void awaitForgotten() throws Exception {
    String written = session.query("SELECT pg_current_wal_lsn()");
    session.execute("CREATE TABLE IF NOT EXISTS another (i int)"); // of no interest to the root
    Await.until(
        "the slot is confirmed up to " + written,
        () ->
            session.query(
                "SELECT bool_and(confirmed_flush_lsn >= '"
                    + written
                    + "') FROM pg_replication_slots"),
        "t"::equals);
  }

  private Ended backUp(String node) throws Exception {
    Ended copied =
        cluster.run(
            "snapshot",
            "--all",
            cluster.data("backup").toString(),
            "--data-directory=" + cluster.data(node));
    assertThat(copied.exitCode()).as(copied.output()).isZero();
    return copied;
  }

  private void followsOn(long sequence) throws Exception {
    session.execute("INSERT INTO dns VALUES ('after " + sequence + "', 'x')");
    DatabaseReport root = dns(awaitSequence("root", sequence));
    DatabaseReport edge = dns(awaitSequence("edge", sequence));
    assertThat(edge.chainHash()).isEqualTo(root.chainHash());
    assertThat(edge.contentDigest()).isEqualTo(root.contentDigest());
  }

  @Test
  void anEdgeOrABackupBecomesTheRootAndTheOthersGoOn() throws Exception {
    awaitSequence("edge", 1000);
    Ended copied = backUp("root");
    assertThat(copied.output()).contains("dns: 1,000 pairs", "complete up to");

    // The root and its relay are gone for good.
    awaitComplete("relay");
    cluster.kill("root");
    cluster.kill("relay");
    cluster.start(NodeSpec.root("root").onDataOf("relay"));
    followsOn(1001);
    assertThat(Files.readString(cluster.log("edge"))).doesNotContain("COPYING");

    // The backup lacks what has come since, and PostgreSQL has been told to forget it.
    awaitForgotten();
    cluster.kill("root");
    cluster.launch(NodeSpec.root("root").onDataOf("backup"));
    int refused = cluster.process("root").awaitEnd();
    assertThat(refused).isNotZero();
    assertThat(Files.readString(cluster.log("root")))
        .contains("SLOT_AHEAD", "is complete only up to", "let this one follow such a node");

    // So it follows first.
    cluster.start(NodeSpec.root("root").onDataOf("relay"));
    cluster.start(NodeSpec.replica("backup", "root"));
    awaitSequence("backup", 1001);
    awaitComplete("backup");
    cluster.kill("root");
    cluster.stop("backup");
    cluster.start(NodeSpec.root("root").onDataOf("backup"));
    followsOn(1002);
    assertThat(Files.readString(cluster.log("edge"))).doesNotContain("COPYING");
  }

  @Test
  void aBackupGoesOnAfterItWasKilledAndRefusesAnotherFolder() throws Exception {
    awaitSequence("edge", 1000);
    session.execute("SELECT quicksilver.create_database('zones')");
    session.execute(
        "INSERT INTO zones SELECT i, repeat(md5(i::text), 100) FROM generate_series(1, 20000) i");
    cluster.awaitStatus(
        "edge",
        "to have zones",
        status ->
            status.databases().stream()
                .anyMatch(each -> each.name().equals("zones") && each.sequence() == 20_000));
    confirmNothingMore();
    awaitComplete("edge");
    Path to = cluster.data("backup");
    String[] command = {
      "snapshot", "--all", to.toString(), "--data-directory=" + cluster.data("edge")
    };
    Files.createDirectories(to);
    Files.createFile(to.resolve("mine"));
    Ended refused = cluster.run(command);
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.output()).contains("neither empty nor an unfinished copy");
    Files.delete(to.resolve("mine"));
    // As one that was killed after its beginning has left it.
    Files.createFile(to.resolve("unfinished"));
    Ended done = cluster.run(command);
    assertThat(done.exitCode()).as(done.output()).isZero();
    assertThat(done.output()).contains("zones: 20,000 pairs", "complete up to");
    assertThat(to.resolve("unfinished")).doesNotExist();
    cluster.kill("root");
    cluster.start(NodeSpec.root("root").onDataOf("backup"));
    followsOn(1001);
  }

  @Test
  void anEdgeThatIsBehindABackupFollowsItWithoutANewCopy() throws Exception {
    awaitSequence("edge", 1000);
    confirmNothingMore();
    cluster.stop("edge");
    for (int i = 1; i <= 20; i++) {
      session.execute("INSERT INTO dns VALUES ('missed " + i + "', repeat('x', 1000))");
    }
    awaitSequence("root", 1020);
    awaitComplete("root");
    backUp("root");
    session.execute("INSERT INTO dns VALUES ('not in the backup', 'x')");
    DatabaseReport lost = dns(awaitSequence("root", 1021));
    cluster.kill("root");
    cluster.kill("relay");
    try (Database backup = open("backup", "dns")) {
      assertThat(backup.head().lastSequence()).isEqualTo(1020);
      assertThat(backup.head().oldestSequence()).isEqualTo(1);
    }

    cluster.start(NodeSpec.root("root").onDataOf("backup"));
    cluster.start(NodeSpec.replica("edge", "root"));
    assertThat(dns(awaitSequence("edge", 1021)).chainHash()).isEqualTo(lost.chainHash());
    followsOn(1022);
    assertThat(Files.readString(cluster.log("edge"))).doesNotContain("COPYING");
  }

  @Test
  void aNodeThatWasKilledBeforeItMadeADatabaseIsBackedUpWithoutIt() throws Exception {
    awaitSequence("edge", 1000);
    confirmNothingMore();
    awaitComplete("edge");
    cluster.kill("edge");
    session.execute("SELECT quicksilver.create_database('two')");
    session.execute("INSERT INTO two SELECT i, i FROM generate_series(1, 10) i");
    DatabaseReport two = awaitTwo("root");
    // The catalog names it, and then the edge was killed.
    try (DatabaseSet edge = DatabaseSet.open(cluster.data("edge"), OPTIONS);
        Database catalog = open("root", DatabaseSet.CATALOG)) {
      SnapshotCopy.copy(catalog, edge.copyFolder(DatabaseSet.CATALOG), VerifyProgress.NONE);
      edge.useCopy(DatabaseSet.CATALOG);
      assertThat(edge.get("two")).isEmpty();
    }
    assertThat(backUp("edge").output())
        .contains("two: new, nothing of it was there yet", "dns: 1,000 pairs", "complete up to");

    cluster.kill("root");
    cluster.kill("relay");
    cluster.copyData("backup", "other");
    cluster.start(NodeSpec.root("root").onDataOf("backup"));
    cluster.start(NodeSpec.replica("edge", "root"));
    cluster.start(NodeSpec.replica("other", "root"));
    for (String node : List.of("root", "edge", "other")) {
      assertThat(awaitTwo(node).chainHash()).as(node).isEqualTo(two.chainHash());
    }
    followsOn(1001);
  }

  private DatabaseReport awaitTwo(String node) throws Exception {
    return two(cluster.awaitStatus(node, "to have all of two", status -> two(status).isPresent()))
        .orElseThrow();
  }

  private static Optional<DatabaseReport> two(NodeStatus status) {
    return status.databases().stream()
        .filter(each -> each.name().equals("two") && each.sequence() == 10)
        .findFirst();
  }

  private Database open(String data, String database) {
    Path environment =
        new DatabaseDirectory(cluster.data(data)).environment(database).orElseThrow();
    return Database.openReadOnly(environment, OPTIONS);
  }

  @Test
  void whatItIsGivenIsToldFromWhatItNeeds() throws Exception {
    Ended both = cluster.run("snapshot", "--all", "dns", folder.resolve("x").toString());
    assertThat(both.exitCode()).isNotZero();
    assertThat(both.output()).contains("with --all there is one argument");
    Ended one = cluster.run("snapshot", folder.resolve("x").toString());
    assertThat(one.output()).contains("give the database and the folder");
    Ended nothing =
        cluster.run(
            "snapshot",
            "--all",
            folder.resolve("x").toString(),
            "--data-directory=" + folder.resolve("nowhere"));
    assertThat(nothing.output()).contains("is not there");
  }
}

package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What replicas and bridges, as processes, say of logs, damage and databases. */
@Execution(ExecutionMode.CONCURRENT)
final class NodeReportsTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT
          .withMapSize(1L << 30)
          .withoutDurability()
          .withLog(Duration.ofDays(365), 512L << 20);
  private static final UUID DNS = new UUID(1, 2);

  @TempDir private Path folder;
  private DatabaseSet source;
  private ReplicationServer server;
  private Cluster cluster;
  private long lsn;

  @BeforeEach
  void startASource() throws IOException {
    source = DatabaseSet.open(folder.resolve("source"), OPTIONS);
    Database catalog =
        source.create(new DatabaseIdentity(new UUID(7, 7), DatabaseSet.CATALOG, "text", "jsonb"));
    String dns =
        "{\"id\":\"" + DNS + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}";
    set(catalog, "dns", dns.getBytes(UTF_8), Instant.now());
    source.create(new DatabaseIdentity(DNS, "dns", "text", "text"));
    server = ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("source", "test"));
    cluster = TestCluster.in(folder);
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
    server.close();
    source.close();
  }

  private void set(Database database, String key, byte[] value, Instant time) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, TimeUnit.MILLISECONDS.toMicros(time.toEpochMilli()));
      appender.set(key.getBytes(UTF_8), value);
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private void set(String key, byte[] value, Instant time) {
    set(source.get("dns").orElseThrow(), key, value, time);
  }

  private void startReplica(String name) throws Exception {
    cluster.start(replica(name));
  }

  private NodeSpec replica(String name) {
    return NodeSpec.replica(name)
        .with(Settings.REPLICATION_UPSTREAMS, "127.0.0.1:" + server.port());
  }

  private String ask(String name, String path) throws IOException, InterruptedException {
    return cluster.ask(name, path).body();
  }

  /** Waits until a node has all that the source has, and returns what it says of it. */
  private DatabaseReport caughtUp(String name) throws Exception {
    long last = source.get("dns").orElseThrow().head().lastSequence();
    return Await.until(
            name + " has sequence " + last,
            () -> cluster.status(name).databases(),
            all -> all.stream().anyMatch(d -> d.name().equals("dns") && d.sequence() == last))
        .stream()
        .filter(d -> d.name().equals("dns"))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aNodeKeepsTheLogThatItsOwnSettingsSay() throws Exception {
    for (int day = 9; day >= 0; day--) {
      set("key" + day, new byte[] {1}, Instant.now().minus(Duration.ofDays(day)));
    }
    startReplica("primary");
    NodeSpec week = replica("secondary").with(Settings.DATA_LOG_MAX_AGE, "7d");
    cluster.start(week.with(Settings.DATA_LOG_MAX_SIZE, "300"));
    cluster.start(
        replica("small")
            .with(Settings.DATA_LOG_MAX_AGE, "7d")
            .with(Settings.DATA_LOG_MAX_SIZE, "1"));
    caughtUp("primary");
    caughtUp("secondary");
    caughtUp("small");
    byte[] value = new byte[700_000];
    for (int i = 0; i < 5; i++) {
      new Random(i).nextBytes(value);
      set("large" + i, value, Instant.now());
    }
    long last = caughtUp("small").sequence();
    assertThat(caughtUp("primary").oldestSequence()).isBetween(last - 5, last);
    // What came before the seventh day.
    assertThat(caughtUp("secondary").oldestSequence()).isBetween(3L, 4L);
    assertThat(caughtUp("small").oldestSequence()).isGreaterThan(10);

    NodeStatus said = cluster.status("secondary");
    assertThat(said.logMaxAgeSeconds()).isEqualTo(Duration.ofDays(7).toSeconds());
    assertThat(said.logMaxBytes()).isEqualTo(300L << 20);
    assertThat(cluster.run("status", "--node=" + cluster.address("secondary", "http")).output())
        .contains("7 d 0 h and 300 MiB of each database at most");
    String metrics = ask("secondary", "/metrics");
    assertThat(metrics)
        .contains("quicksilver_log_max_age_seconds 604800.0")
        .contains("quicksilver_log_max_bytes 3.145728E8");
    assertThat(figure(metrics, "quicksilver_log_bytes{database=\"dns\"}")).isGreaterThan(3_000_000);
    assertThat(figure(metrics, "quicksilver_log_oldest_timestamp_seconds{database=\"dns\"}"))
        .isBetween(
            Instant.now().minus(Duration.ofDays(8)).getEpochSecond() * 1.0,
            Instant.now().minus(Duration.ofDays(5)).getEpochSecond() * 1.0);
  }

  private static double figure(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is not among " + metrics));
  }

  @Test
  void aLogThatLeavesTheDataNoRoomIsRefused() throws Exception {
    Ended refused =
        cluster.run(
            "replica",
            "--data-directory=" + folder.resolve("none"),
            "--data-map-size=1000",
            "--data-log-max-size=501",
            "--replication-upstreams=127.0.0.1:1");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(refused.output())
        .contains("--data-log-max-size", "501", "half of data.map-size = 1000")
        .hasLineCount(1);
  }

  @Test
  void aReadThatMeetsDamageIsCounted() throws Exception {
    set("key", "a value to be found in the file".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    caughtUp("edge");
    assertThat(figure(ask("edge", "/metrics"), "quicksilver_corrupt_reads_total")).isZero();
    damage(cluster.data("edge"));
    ask("edge", "/get?database=dns&key=key");
    String metrics = ask("edge", "/metrics");
    assertThat(figure(metrics, "quicksilver_corrupt_reads_total{database=\"dns\"}")).isOne();
    assertThat(
            figure(metrics, "quicksilver_storage_errors_total{code=\"CORRUPT\",database=\"dns\"}"))
        .isOne();
    assertThat(
            figure(metrics, "quicksilver_storage_errors_total{code=\"NO_SPACE\",database=\"dns\"}"))
        .isZero();
  }

  /** This process is another one for the node. */
  @Test
  void namesTheProcessesThatReadItsFilesAndHowFarTheyAreBehind() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    caughtUp("edge");
    Path generation = new DatabaseDirectory(cluster.data("edge")).environment("dns").orElseThrow();
    long self = ProcessHandle.current().pid();
    try (Database reader = Database.openReadOnly(generation, OPTIONS)) {
      try (Snapshot snapshot = reader.snapshot()) {
        set("key", "2".getBytes(UTF_8), Instant.now());
        assertThat(caughtUp("edge").storage().readers())
            .singleElement()
            .satisfies(
                process -> {
                  assertThat(process.pid()).isEqualTo(self);
                  assertThat(process.snapshots()).isOne();
                  assertThat(process.behind()).isPositive();
                  assertThat(process.tooOld()).isFalse();
                });
        assertThat(snapshot.head().lastSequence()).isOne();
        assertThat(cluster.run("status", "--node=" + cluster.address("edge", "http")).output())
            .contains("reader process")
            .containsPattern("dns +" + self + " ");
        String metrics = ask("edge", "/metrics");
        assertThat(figure(metrics, "quicksilver_reader_processes{database=\"dns\"}")).isOne();
        assertThat(figure(metrics, "quicksilver_reader_snapshots{database=\"dns\"}")).isOne();
      }
      assertThat(caughtUp("edge").storage().readers())
          .singleElement()
          .satisfies(process -> assertThat(process.behind()).isZero());
    }
    assertThat(caughtUp("edge").storage().readers()).isEmpty();
  }

  /** Changes the value in the file as a disk might, beneath the process that has it mapped. */
  private static void damage(Path node) throws IOException {
    Path file = new DatabaseDirectory(node).environment("dns").orElseThrow().resolve("data.mdb");
    try (var channel =
        java.nio.channels.FileChannel.open(
            file, java.nio.file.StandardOpenOption.READ, java.nio.file.StandardOpenOption.WRITE)) {
      String all = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
      for (int at = all.indexOf("to be found"); at >= 0; at = all.indexOf("to be found", at + 1)) {
        channel.write(java.nio.ByteBuffer.wrap("T".getBytes(UTF_8)), at);
      }
    }
  }

  @Test
  void aBridgeListsItsDatabases() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    DatabaseReport atTheReplica = caughtUp("edge");
    cluster.start(NodeSpec.bridge("bridge", "edge"));
    NodeStatus said = cluster.status("bridge");
    assertThat(said.healthy()).as(said.problem()).isTrue();
    assertThat(said.databases())
        .singleElement()
        .satisfies(
            dns -> {
              assertThat(dns.name()).isEqualTo("dns");
              assertThat(dns.id()).isEqualTo(DNS.toString());
              assertThat(dns.state()).isEqualTo(DatabaseState.SERVING);
              assertThat(dns.sequence()).isEqualTo(1);
              assertThat(dns.pairs()).isEqualTo(1);
              assertThat(dns.contentDigest()).isEqualTo(atTheReplica.contentDigest());
              assertThat(dns.commitTime()).isEqualTo(atTheReplica.commitTime());
              assertThat(dns.lag()).isZero();
              assertThat(dns.lagSeconds()).isNotNegative();
            });
    assertThat(said.bridges()).hasSize(1);
    assertThat(ask("bridge", "/metrics"))
        .contains("quicksilver_last_sequence{database=\"dns\"} 1.0")
        .contains("quicksilver_following{database=\"dns\"} 1.0")
        .contains("quicksilver_bridge_connections_total 0.0")
        .contains("quicksilver_corrupt_reads_total{database=\"dns\"} 0.0")
        .contains("quicksilver_lag_entries{database=\"dns\"} 0.0")
        .doesNotContain("quicksilver_log_max_age_seconds ");
    set("key", "2".getBytes(UTF_8), Instant.now());
    Await.until(
        "the bridge sees the next commit",
        () -> cluster.status("bridge").databases().getFirst().sequence(),
        sequence -> sequence == 2);

    Path generation = new DatabaseDirectory(cluster.data("edge")).environment("dns").orElseThrow();
    Files.writeString(generation.resolve("withheld"), "somebody said so");
    NodeStatus withheld = cluster.status("bridge");
    assertThat(withheld.healthy()).isFalse();
    assertThat(withheld.problem()).isEqualTo("dns is not served: somebody said so");
    assertThat(withheld.databases().getFirst().state()).isEqualTo(DatabaseState.WITHHELD);
    assertThat(cluster.run("status", "--node=" + cluster.address("bridge", "http")).exitCode())
        .isEqualTo(ExitCode.FAILURE);
  }

  @Test
  void aBridgeIsAsFreshAsItsReplicaAndBothServeOnWithoutARoot() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    cluster.start(replica("edge").with(Settings.HEALTH_MAX_LAG, "5s"));
    cluster.start(NodeSpec.bridge("bridge", "edge").with(Settings.HEALTH_MAX_LAG, "5s"));
    for (String name : List.of("edge", "bridge")) {
      for (String path : List.of("/livez", "/readyz", "/freshz", "/freshz?within=1h")) {
        awaitAnswer(name, path, 200);
      }
    }
    server.close();
    for (String name : List.of("edge", "bridge")) {
      awaitAnswer(name, "/freshz", 503);
      assertThat(ask(name, "/freshz")).contains("ms behind the root, more than 5000");
      awaitAnswer(name, "/freshz?within=1h", 200);
      awaitAnswer(name, "/readyz", 200);
      awaitAnswer(name, "/livez", 200);
      assertThat(ask(name, "/metrics"))
          .contains("quicksilver_live 1.0", "quicksilver_ready 1.0", "quicksilver_fresh 0.0");
      assertThat(cluster.run("status", "--node=" + cluster.address(name, "http")).output())
          .contains("live yes, ready yes, fresh NO (");
    }
    cluster.kill("edge");
    cluster.start(replica("edge").with(Settings.HEALTH_MAX_LAG, "5s"));
    awaitAnswer("edge", "/readyz", 503);
    assertThat(ask("edge", "/readyz")).startsWith("not caught up since the start: ");
    awaitAnswer("edge", "/livez", 200);
    awaitAnswer("bridge", "/readyz", 200);
  }

  private void awaitAnswer(String name, String path, int code) throws Exception {
    Await.until(
        name + path + " answers " + code,
        () -> cluster.ask(name, path).statusCode(),
        answered -> answered == code);
  }

  /** Its other databases are served, and nobody has to do anything. */
  @Test
  void aReplicaWithACopyThatCannotBeOpenedStartsAndCopiesItAnew() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    caughtUp("edge");
    cluster.kill("edge");
    Path file =
        new DatabaseDirectory(cluster.data("edge"))
            .environment("dns")
            .orElseThrow()
            .resolve("data.mdb");
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 3 * 4096));
    startReplica("edge");
    caughtUp("edge");
    assertThat(ask("edge", "/get?database=dns&key=key")).isEqualTo("1");
    cluster.awaitHealthy("edge");
  }

  @Test
  void aBridgeSaysWhichDatabaseItCannotOpen() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    caughtUp("edge");
    cluster.kill("edge");
    Path file =
        new DatabaseDirectory(cluster.data("edge"))
            .environment("dns")
            .orElseThrow()
            .resolve("data.mdb");
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 3 * 4096));
    cluster.start(NodeSpec.bridge("bridge", "edge"));
    NodeStatus said = cluster.status("bridge");
    assertThat(said.healthy()).isFalse();
    assertThat(said.problem()).startsWith("dns cannot be opened: CORRUPT");
  }
}

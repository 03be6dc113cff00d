package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Position;
import dev.quicksilver.storage.StorageOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
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
  private final HttpClient http = HttpClient.newHttpClient();
  private DatabaseSet source;
  private ReplicationServer server;
  private NodeProcesses nodes;
  private long lsn;

  @BeforeEach
  void startASource() {
    source = DatabaseSet.open(folder.resolve("source"), OPTIONS);
    Database catalog =
        source.create(new DatabaseIdentity(new UUID(7, 7), DatabaseSet.CATALOG, "text", "jsonb"));
    String dns =
        "{\"id\":\"" + DNS + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}";
    set(catalog, "dns", dns.getBytes(UTF_8), Instant.now());
    source.create(new DatabaseIdentity(DNS, "dns", "text", "text"));
    server = ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("source", "test"));
    nodes = new NodeProcesses(folder);
  }

  @AfterEach
  void stop() {
    nodes.close();
    server.close();
    source.close();
    http.close();
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

  private void startReplica(String name, String... more) throws Exception {
    List<String> all = new java.util.ArrayList<>(List.of(more));
    all.add("--replication-upstreams=127.0.0.1:" + server.port());
    nodes.start(name, "replica", all.toArray(String[]::new));
  }

  private String ask(String address, String path) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(URI.create("http://" + address + path)).build(),
            BodyHandlers.ofString())
        .body();
  }

  private NodeStatus status(String address) throws IOException, InterruptedException {
    return Json.MAPPER.readValue(ask(address, "/status"), NodeStatus.class);
  }

  /** Waits until a node has all that the source has, and returns what it says of it. */
  private DatabaseReport caughtUp(String name) throws Exception {
    long last = source.get("dns").orElseThrow().head().lastSequence();
    String address = nodes.address(name, "http");
    return Await.until(
            name + " has sequence " + last,
            () -> status(address).databases(),
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
    startReplica("secondary", "--data-log-max-age=7d", "--data-log-max-size=300");
    startReplica("small", "--data-log-max-age=7d", "--data-log-max-size=1");
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

    String address = nodes.address("secondary", "http");
    NodeStatus said = status(address);
    assertThat(said.logMaxAgeSeconds()).isEqualTo(Duration.ofDays(7).toSeconds());
    assertThat(said.logMaxBytes()).isEqualTo(300L << 20);
    assertThat(nodes.run("status", "--node=" + address).output())
        .contains("7 d 0 h and 300 MiB of each database at most");
    String metrics = ask(address, "/metrics");
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
    NodeProcesses.Ended refused =
        nodes.run(
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
    String address = nodes.address("edge", "http");
    assertThat(figure(ask(address, "/metrics"), "quicksilver_corrupt_reads_total")).isZero();
    damage(folder.resolve("edge"));
    ask(address, "/get?database=dns&key=key");
    String metrics = ask(address, "/metrics");
    assertThat(figure(metrics, "quicksilver_corrupt_reads_total{database=\"dns\"}")).isOne();
    assertThat(
            figure(metrics, "quicksilver_storage_errors_total{code=\"CORRUPT\",database=\"dns\"}"))
        .isOne();
    assertThat(
            figure(metrics, "quicksilver_storage_errors_total{code=\"NO_SPACE\",database=\"dns\"}"))
        .isZero();
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
  void aBridgeListsItsDatabasesAndWhatItCannotKnow() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    DatabaseReport atTheReplica = caughtUp("edge");
    nodes.startBridge("bridge", "edge");
    String address = nodes.bridgeHttp("edge");
    NodeStatus said = status(address);
    assertThat(said.healthy()).as(said.problem()).isTrue();
    assertThat(said.databases())
        .singleElement()
        .satisfies(
            dns -> {
              assertThat(dns.name()).isEqualTo("dns");
              assertThat(dns.id()).isEqualTo(DNS.toString());
              assertThat(dns.state()).isEqualTo("SERVING");
              assertThat(dns.sequence()).isEqualTo(1);
              assertThat(dns.pairs()).isEqualTo(1);
              assertThat(dns.contentDigest()).isEqualTo(atTheReplica.contentDigest());
              assertThat(dns.commitTime()).isEqualTo(atTheReplica.commitTime());
              assertThat(dns.lag()).isEqualTo(-1);
              assertThat(dns.lagSeconds()).isEqualTo(-1);
            });
    assertThat(said.bridges()).hasSize(1);
    assertThat(ask(address, "/metrics"))
        .contains("quicksilver_last_sequence{database=\"dns\"} 1.0")
        .contains("quicksilver_following{database=\"dns\"} 1.0")
        .contains("quicksilver_bridge_connections_total 0.0")
        .contains("quicksilver_corrupt_reads_total{database=\"dns\"} 0.0")
        .doesNotContain("quicksilver_lag_entries{")
        .doesNotContain("quicksilver_log_max_age_seconds ");
    set("key", "2".getBytes(UTF_8), Instant.now());
    Await.until(
        "the bridge sees the next commit",
        () -> status(address).databases().getFirst().sequence(),
        sequence -> sequence == 2);

    Path generation =
        new DatabaseDirectory(folder.resolve("edge")).environment("dns").orElseThrow();
    Files.writeString(generation.resolve("withheld"), "somebody said so");
    NodeStatus withheld = status(address);
    assertThat(withheld.healthy()).isFalse();
    assertThat(withheld.problem()).isEqualTo("dns is not served: somebody said so");
    assertThat(withheld.databases().getFirst().state()).isEqualTo("WITHHELD");
    assertThat(nodes.run("status", "--node=" + address).exitCode()).isEqualTo(ExitCode.FAILURE);
  }

  /** Its other databases are served, and nobody has to do anything. */
  @Test
  void aReplicaWithACopyThatCannotBeOpenedStartsAndCopiesItAnew() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    caughtUp("edge");
    nodes.kill("edge");
    Path file =
        new DatabaseDirectory(folder.resolve("edge"))
            .environment("dns")
            .orElseThrow()
            .resolve("data.mdb");
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 3 * 4096));
    startReplica("edge");
    caughtUp("edge");
    String address = nodes.address("edge", "http");
    assertThat(ask(address, "/get?database=dns&key=key")).isEqualTo("1");
    Await.until("it is well", () -> status(address), NodeStatus::healthy);
  }

  @Test
  void aBridgeSaysWhichDatabaseItCannotOpen() throws Exception {
    set("key", "1".getBytes(UTF_8), Instant.now());
    startReplica("edge");
    caughtUp("edge");
    nodes.kill("edge");
    Path file =
        new DatabaseDirectory(folder.resolve("edge"))
            .environment("dns")
            .orElseThrow()
            .resolve("data.mdb");
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 3 * 4096));
    nodes.startBridge("bridge", "edge");
    NodeStatus said = status(nodes.bridgeHttp("edge"));
    assertThat(said.healthy()).isFalse();
    assertThat(said.problem()).startsWith("dns cannot be opened: CORRUPT");
  }
}

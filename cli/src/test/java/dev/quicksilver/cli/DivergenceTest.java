package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.fixtures.LyingProxy;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A replica, as a process, whose upstream contradicts what it has. */
@Execution(ExecutionMode.CONCURRENT)
final class DivergenceTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(1L << 30).withoutDurability();
  private static final UUID CATALOG = new UUID(7, 7);
  private static final UUID DNS = new UUID(1, 2);
  private static final String EDGE = "edge";

  @TempDir private Path folder;
  private DatabaseSet source;
  private ReplicationServer server;
  private LyingProxy proxy;
  private Cluster cluster;
  private long lsn;

  @BeforeEach
  void startASource() throws IOException {
    cluster = TestCluster.in(folder);
    source = DatabaseSet.open(folder.resolve("source"), OPTIONS);
    Database catalog =
        source.create(new DatabaseIdentity(CATALOG, DatabaseSet.CATALOG, "text", "jsonb"));
    set(
        catalog,
        "dns",
        "{\"id\":\"" + DNS + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}");
    set(source.create(new DatabaseIdentity(DNS, "dns", "text", "text")), "a", "1");
    server = ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("source", "test"));
    proxy = new LyingProxy(server.port(), 2);
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
    proxy.close();
    server.close();
    source.close();
  }

  private void set(Database database, String key, String value) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn);
      appender.set(key.getBytes(UTF_8), value.getBytes(UTF_8));
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private Ended run(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    all.add("--data-directory=" + cluster.data(EDGE));
    all.add("--data-map-size=1024");
    return cluster.run(all.toArray(String[]::new));
  }

  private void startReplica(String onDivergence) throws Exception {
    cluster.start(
        NodeSpec.replica(EDGE)
            .with(Settings.REPLICATION_UPSTREAMS, "127.0.0.1:" + proxy.port())
            .with(Settings.REPLICATION_ON_DIVERGENCE, onDivergence));
    await("database dns has entries", dns -> dns.sequence() > 0);
  }

  /** Waits for what the replica says of the database. */
  private void await(String what, Predicate<NodeStatus.DatabaseReport> condition) throws Exception {
    cluster.awaitStatus(
        EDGE,
        what,
        said ->
            said.databases().stream()
                .filter(database -> database.name().equals("dns"))
                .anyMatch(condition));
  }

  private void awaitStreaming() throws Exception {
    await(
        "the replica streams and is at sequence 2",
        dns -> dns.state() == DatabaseState.STREAMING && dns.sequence() == 2);
  }

  private String ask(String path) throws IOException, InterruptedException {
    return cluster.ask(EDGE, path).body();
  }

  private void diverge() throws Exception {
    set(source.get("dns").orElseThrow(), "a", "2");
    await("the replica has noticed", dns -> dns.state() == DatabaseState.DIVERGED);
  }

  @Test
  void goesOnServingReadsAndSaysSoUntilItIsToldToCopy() throws Exception {
    startReplica("serve");
    diverge();
    assertThat(cluster.status(EDGE).healthy()).isFalse();
    assertThat(cluster.status(EDGE).problem()).contains("dns is DIVERGED", "copy-anew dns");
    assertThat(ask("/healthz")).contains("DIVERGED");
    assertThat(ask("/metrics")).contains("quicksilver_diverged{database=\"dns\"} 1.0");
    assertThat(run("get", "dns", "a").output()).isEqualTo("1\n");
    assertThat(ask("/get?database=dns&key=a")).isEqualTo("1");

    assertThat(run("copy-anew", "nothing")).extracting(Ended::exitCode).isEqualTo(4);
    proxy.repent();
    Ended told = run("copy-anew", "dns");
    assertThat(told.exitCode()).as("%s", told).isZero();
    assertThat(told.output()).contains("dns is being copied anew");
    awaitStreaming();
    assertThat(run("get", "dns", "a").output()).isEqualTo("2\n");
    assertThat(ask("/metrics")).contains("quicksilver_diverged{database=\"dns\"} 0.0");
  }

  @Test
  void refusesReadsOrCopiesByItselfWhenSoConfigured() throws Exception {
    startReplica("stop-serving");
    diverge();
    Ended refused = run("get", "dns", "a");
    assertThat(refused.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(refused.output()).contains("\"dns\" is not served here", "diverged");
    assertThat(ask("/get?database=dns&key=a")).contains("\"dns\" is not served here");
    cluster.stop(EDGE);

    startReplica("copy");
    awaitStreaming();
    assertThat(run("get", "dns", "a").output()).isEqualTo("2\n");
  }

  @Test
  void aStoppedReplicaThatIsToldToCopyDoesSoWhenItStarts() throws Exception {
    startReplica("serve");
    diverge();
    cluster.stop(EDGE);
    proxy.repent();
    Ended told = run("copy-anew", "dns");
    assertThat(told.exitCode()).as("%s", told).isZero();
    assertThat(told.output()).contains("when it is started");
    startReplica("serve");
    await("a new copy is in use", dns -> dns.sequence() == 2 && dns.oldestSequence() > 1);
  }
}

package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** One wrong line on the nodes above stops no process below; when it is corrected, all follow. */
@Execution(ExecutionMode.CONCURRENT)
final class RefusedFleetTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(1L << 30).withoutDurability();
  private static final UUID DNS = new UUID(1, 2);

  @TempDir private Path folder;
  private CertificateAuthority authority;
  private DatabaseSet source;
  private Tls tls;
  private ReplicationServer root;
  private Cluster cluster;
  private long lsn;

  @BeforeEach
  void startRootRelayAndEdge() throws Exception {
    authority = CertificateAuthority.openOrCreate(folder.resolve("tls"));
    source = DatabaseSet.open(folder.resolve("source"), OPTIONS);
    Database catalog =
        source.create(new DatabaseIdentity(new UUID(7, 7), DatabaseSet.CATALOG, "text", "jsonb"));
    set(
        catalog,
        "dns",
        "{\"id\":\"" + DNS + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}");
    set(source.create(new DatabaseIdentity(DNS, "dns", "text", "text")), "a", "1");
    tls = Tls.load(certificate("root", Instant.now().plus(Duration.ofDays(1))), "root");
    root = serve(0, "relay");
    cluster = TestCluster.in(folder);
    startRelay("edge");
    startEdge(Instant.now().plus(Duration.ofDays(1)));
    awaitValue("1");
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
    root.close();
    tls.close();
    source.close();
  }

  private TlsFiles certificate(String node, Instant until) throws IOException {
    return authority.issue(node, List.of(), Instant.now().minusSeconds(3600), until);
  }

  private ReplicationServer serve(int port, String followers) {
    return ReplicationServer.start(
        "127.0.0.1",
        port,
        source,
        NodeIdentity.create("root", "test"),
        new Subtree(),
        ServerOptions.DEFAULT,
        Transport.tls(tls, List.of(followers)));
  }

  private void set(Database database, String key, String value) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn);
      appender.set(key.getBytes(UTF_8), value.getBytes(UTF_8));
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private void startRelay(String followers) throws Exception {
    start("relay", "root@127.0.0.1:" + root.port(), followers);
  }

  private void startEdge(Instant until) throws Exception {
    certificate("edge", until);
    start("edge", "relay@" + cluster.address("relay", "replication"), "nobody");
  }

  private void start(String name, String upstream, String followers) throws Exception {
    Path files = folder.resolve("tls");
    if (name.equals("relay")) {
      certificate(name, Instant.now().plus(Duration.ofDays(1)));
    }
    cluster.start(
        NodeSpec.replica(name)
            .with(Settings.REPLICATION_UPSTREAMS, upstream)
            .with(Settings.REPLICATION_FOLLOWERS, followers)
            .with(Settings.REPLICATION_ASK_AGAIN_AFTER, "1s")
            .with(Settings.REPLICATION_TLS_CERTIFICATE, files.resolve(name + ".pem").toString())
            .with(Settings.REPLICATION_TLS_KEY, files.resolve(name + "-key.pem").toString())
            .with(Settings.REPLICATION_TLS_AUTHORITIES, files.resolve("ca.pem").toString()));
  }

  private void awaitValue(String value) throws Exception {
    Await.until(
        "the edge has the value " + value,
        () -> cluster.ask("edge", "/get?database=dns&key=a").body(),
        value::equals);
  }

  private void awaitHealth(String node, int code, String... words) throws Exception {
    Await.until(
        node + " says " + code + " and " + List.of(words),
        () -> cluster.ask(node, "/healthz"),
        said ->
            said.statusCode() == code && List.of(words).stream().allMatch(said.body()::contains));
  }

  private static boolean counts(String metrics, String code) {
    return metrics
        .lines()
        .anyMatch(
            line ->
                line.startsWith("quicksilver_upstream_refused_total{code=\"" + code + "\"")
                    && !line.endsWith(" 0.0"));
  }

  @Test
  void aWrongLineInFollowersOfRootAndRelayStopsNobody() throws Exception {
    int port = root.port();
    root.close();
    root = serve(port, "somebody-else");
    cluster.kill("relay");
    startRelay("somebody-else");

    awaitHealth("relay", 503, "is REFUSED", "NOT_AUTHORIZED", "\"relay\" may not follow");
    awaitHealth("edge", 503, "is REFUSED", "NOT_AUTHORIZED", "\"edge\" may not follow");
    Await.until(
        "the edge counts what it was refused",
        () -> cluster.ask("edge", "/metrics").body(),
        metrics -> counts(metrics, "NOT_AUTHORIZED"));
    String metrics = cluster.ask("edge", "/metrics").body();
    assertThat(metrics).contains("quicksilver_healthy 0.0");
    assertThat(counts(metrics, "VERSION")).isFalse();
    assertThat(cluster.run("status", "--data-directory=" + cluster.data("edge")))
        .satisfies(
            said -> {
              assertThat(said.exitCode()).isEqualTo(ExitCode.FAILURE);
              assertThat(said.output()).contains("NOT HEALTHY", "may not follow");
            });
    assertThat(cluster.ask("edge", "/get?database=dns&key=a").body()).isEqualTo("1");

    root.close();
    root = serve(port, "relay");
    cluster.kill("relay");
    startRelay("edge");
    set(source.get("dns").orElseThrow(), "a", "2");
    awaitValue("2");
    awaitHealth("relay", 200);
    awaitHealth("edge", 200);
    assertThat(cluster.process("edge").isAlive()).isTrue();
  }

  /** Nobody reads the log of a fleet for a week before its certificates run out. */
  @Test
  void aNodeWhoseCertificateHasExpiredStartsServesAndFollowsOnceItIsRenewed() throws Exception {
    cluster.kill("edge");
    startEdge(Instant.now().minusSeconds(60));
    awaitHealth("edge", 503, "does not accept the certificate");
    assertThat(cluster.ask("edge", "/get?database=dns&key=a").body()).isEqualTo("1");
    assertThat(cluster.ask("edge", "/metrics").body())
        .containsPattern("quicksilver_tls_reload_problem\\{[^}]*edge.pem\"} 1.0");
    certificate("edge", Instant.now().plus(Duration.ofDays(1)));
    set(source.get("dns").orElseThrow(), "a", "2");
    awaitValue("2");
    awaitHealth("edge", 200);
  }

  @Test
  void aNodeThatIsRefusedFromItsStartOnServesWhatItHas() throws Exception {
    int port = root.port();
    root.close();
    root = serve(port, "somebody-else");
    cluster.kill("edge");
    cluster.kill("relay");
    startRelay("somebody-else");
    startEdge(Instant.now().plus(Duration.ofDays(1)));
    awaitHealth("edge", 503, "NOT_AUTHORIZED");
    assertThat(cluster.ask("edge", "/get?database=dns&key=a").body()).isEqualTo("1");
    assertThat(cluster.process("relay").isAlive()).isTrue();
  }
}

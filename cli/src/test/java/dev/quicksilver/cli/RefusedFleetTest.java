package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Position;
import dev.quicksilver.storage.StorageOptions;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
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
  private final HttpClient http = HttpClient.newHttpClient();
  private CertificateAuthority authority;
  private DatabaseSet source;
  private Tls tls;
  private ReplicationServer root;
  private NodeProcesses nodes;
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
    nodes = new NodeProcesses(folder);
    startRelay("127.0.0.1:0", "edge");
    startEdge(Instant.now().plus(Duration.ofDays(1)));
    awaitValue("1");
  }

  @AfterEach
  void stop() {
    nodes.close();
    root.close();
    tls.close();
    source.close();
    http.close();
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

  private void startRelay(String listen, String followers) throws Exception {
    start("relay", listen, "root@127.0.0.1:" + root.port(), followers);
  }

  private void startEdge(Instant until) throws Exception {
    certificate("edge", until);
    start("edge", "127.0.0.1:0", "relay@" + nodes.address("relay", "replication"), "nobody");
  }

  private void start(String name, String listen, String upstream, String followers)
      throws Exception {
    Path files = folder.resolve("tls");
    if (name.equals("relay")) {
      certificate(name, Instant.now().plus(Duration.ofDays(1)));
    }
    List<String> more = new ArrayList<>();
    more.add("--replication-upstreams=" + upstream);
    more.add("--replication-followers=" + followers);
    more.add("--replication-ask-again-after=1s");
    more.add("--replication-tls-certificate=" + files.resolve(name + ".pem"));
    more.add("--replication-tls-key=" + files.resolve(name + "-key.pem"));
    more.add("--replication-tls-authorities=" + files.resolve("ca.pem"));
    nodes.startListening(name, "replica", listen, more.toArray(String[]::new));
  }

  private HttpResponse<String> ask(String node, String path)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://" + nodes.address(node, "http") + path)).build(),
        BodyHandlers.ofString());
  }

  private void awaitValue(String value) throws Exception {
    Await.until(
        "the edge has the value " + value,
        () -> ask("edge", "/get?database=dns&key=a").body(),
        value::equals);
  }

  private void awaitHealth(String node, int code, String... words) throws Exception {
    Await.until(
        node + " says " + code + " and " + List.of(words),
        () -> ask(node, "/healthz"),
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
    String relay = nodes.address("relay", "replication");
    int port = root.port();
    root.close();
    root = serve(port, "somebody-else");
    nodes.kill("relay");
    startRelay(relay, "somebody-else");

    awaitHealth("relay", 503, "is REFUSED", "NOT_AUTHORIZED", "\"relay\" may not follow");
    awaitHealth("edge", 503, "is REFUSED", "NOT_AUTHORIZED", "\"edge\" may not follow");
    Await.until(
        "the edge counts what it was refused",
        () -> ask("edge", "/metrics").body(),
        metrics -> counts(metrics, "NOT_AUTHORIZED"));
    String metrics = ask("edge", "/metrics").body();
    assertThat(metrics).contains("quicksilver_healthy 0.0");
    assertThat(counts(metrics, "VERSION")).isFalse();
    assertThat(nodes.run("status", "--data-directory=" + folder.resolve("edge")))
        .satisfies(
            said -> {
              assertThat(said.exitCode()).isEqualTo(ExitCode.FAILURE);
              assertThat(said.output()).contains("NOT HEALTHY", "may not follow");
            });
    assertThat(ask("edge", "/get?database=dns&key=a").body()).isEqualTo("1");

    root.close();
    root = serve(port, "relay");
    nodes.kill("relay");
    startRelay(relay, "edge");
    set(source.get("dns").orElseThrow(), "a", "2");
    awaitValue("2");
    awaitHealth("relay", 200);
    awaitHealth("edge", 200);
    assertThat(nodes.isAlive("edge")).isTrue();
  }

  /** Nobody reads the log of a fleet for a week before its certificates run out. */
  @Test
  void aNodeWhoseCertificateHasExpiredStartsServesAndFollowsOnceItIsRenewed() throws Exception {
    nodes.kill("edge");
    startEdge(Instant.now().minusSeconds(60));
    awaitHealth("edge", 503, "does not accept the certificate");
    assertThat(ask("edge", "/get?database=dns&key=a").body()).isEqualTo("1");
    assertThat(ask("edge", "/metrics").body())
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
    String relay = nodes.address("relay", "replication");
    nodes.kill("edge");
    nodes.kill("relay");
    startRelay(relay, "somebody-else");
    startEdge(Instant.now().plus(Duration.ofDays(1)));
    awaitHealth("edge", 503, "NOT_AUTHORIZED");
    assertThat(ask("edge", "/get?database=dns&key=a").body()).isEqualTo("1");
    assertThat(nodes.isAlive("relay")).isTrue();
  }
}

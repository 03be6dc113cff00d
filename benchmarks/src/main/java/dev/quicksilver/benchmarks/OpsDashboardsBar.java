package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.BRIDGE_TLS_CERTIFICATE;
import static dev.quicksilver.cli.config.Settings.BRIDGE_TLS_KEY;
import static dev.quicksilver.cli.config.Settings.NODE_LOCATION;
import static dev.quicksilver.cli.config.Settings.REPLICATION_LISTEN;
import static dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS;

import dev.quicksilver.benchmarks.alerts.BridgeCertificate;
import dev.quicksilver.benchmarks.monitoring.PanelQueries;
import dev.quicksilver.benchmarks.monitoring.PanelQueries.Result;
import dev.quicksilver.benchmarks.monitoring.PrometheusProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * {@code ops.dashboards}: a real Prometheus scrapes a live tree (root, relay, two edges, a bridge,
 * a RESP server) on which things happen, and every query of every panel in {@code ops/grafana} has
 * to give data, with some choice of the dashboard's variables.
 */
final class OpsDashboardsBar implements Bar {
  private static final Path DASHBOARDS = Path.of("ops/grafana");

  /** Longer than the interval of the rates, so that each has several samples. */
  private static final int SECONDS = 25;

  @Override
  public String name() {
    return "ops.dashboards";
  }

  @Override
  public String description() {
    return "each query of each Grafana panel gives data on a live tree, by a real Prometheus";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    SystemPackages.attempt(
        () -> SystemPackages.run(List.of("prometheus", "--version")),
        "--no-install-recommends",
        "prometheus");
    try (Cluster cluster = Processes.cluster()) {
      EmbeddedPostgres postgres = cluster.embedPostgres();
      start(cluster, postgres);
      List<String> nodes =
          Stream.of("root", "relay", "edge-1", "edge-2", "bridge", "serve")
              .map(node -> cluster.address(node, "http"))
              .toList();
      try (PrometheusProcess prometheus =
          PrometheusProcess.start(cluster.folder(), configuration(nodes))) {
        work(cluster, postgres);
        return outcome(results(new PanelQueries(prometheus)));
      }
    }
  }

  private static String configuration(List<String> nodes) {
    return """
    global: {scrape_interval: 1s, scrape_timeout: 1s}
    scrape_configs:
      - job_name: quicksilver
        static_configs: [{targets: [%s]}]
    """
        .formatted(nodes.stream().map(node -> '"' + node + '"').collect(Collectors.joining(", ")));
  }

  private static void start(Cluster cluster, EmbeddedPostgres postgres) throws Exception {
    cluster.start(NodeSpec.root("root").with(NODE_LOCATION, "fra"));
    cluster.awaitHealthy("root");
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT quicksilver.create_database('dns')");
    }
    cluster.start(NodeSpec.replica("relay", "root").with(NODE_LOCATION, "lis"));
    cluster.start(NodeSpec.replica("edge-1", "relay").with(NODE_LOCATION, "lis"));
    // One of its upstreams is itself, which refuses.
    int own = Ports.free();
    cluster.start(
        NodeSpec.replica("edge-2")
            .with(NODE_LOCATION, "sin")
            .with(REPLICATION_LISTEN, "127.0.0.1:" + own)
            .with(
                REPLICATION_UPSTREAMS,
                cluster.address("relay", "replication") + ",127.0.0.1:" + own));
    cluster.awaitHealthy("edge-1");
    cluster.awaitHealthy("edge-2");
    BridgeCertificate certificate = new BridgeCertificate(cluster.folder(), SystemPackages::run);
    certificate.put(30);
    cluster.start(
        NodeSpec.bridge("bridge", "edge-1")
            .with(BRIDGE_TLS_CERTIFICATE, certificate.file().toString())
            .with(BRIDGE_TLS_KEY, certificate.key().toString()));
    cluster.start(NodeSpec.serve("serve", "edge-1"));
    cluster.awaitHealthy("bridge");
    cluster.awaitHealthy("serve");
  }

  /** Writes and reads in all ways, and asks for what there is not, for as long as rates need. */
  private static void work(Cluster cluster, EmbeddedPostgres postgres) throws Exception {
    String bridge =
        "jdbc:postgresql://"
            + cluster.address("bridge", "bridge")
            + "/quicksilver?user=analyst&sslmode=disable";
    try (Connection central = postgres.connect();
        Statement write = central.createStatement();
        Connection analyst = DriverManager.getConnection(bridge);
        Statement read = analyst.createStatement();
        Jedis redis = new Jedis("127.0.0.1", cluster.port("serve", "resp"))) {
      write.execute("SET synchronous_commit = local");
      for (int i = 0; i < SECONDS * 4; i++) {
        write.execute(
            "INSERT INTO dns VALUES ('beat', now()::text)"
                + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
        read.executeQuery("SELECT * FROM dns WHERE key = 'beat'").close();
        read.executeQuery("SELECT count(value || key) FROM dns").close();
        refusedBy(() -> read.execute("DELETE FROM dns"));
        String ignored = redis.get("beat") + redis.get("nothing");
        refusedBy(() -> redis.set("beat", "1"));
        TimeUnit.MILLISECONDS.sleep(250);
      }
    }
  }

  @FunctionalInterface
  private interface Work {
    void run() throws SQLException;
  }

  private static void refusedBy(Work work) {
    try {
      work.run();
    } catch (SQLException | JedisDataException refused) {
      return;
    }
    throw new IllegalStateException("an edge has taken a write");
  }

  private static List<Result> results(PanelQueries queries) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(Launcher.home().resolve(DASHBOARDS))) {
      files = all.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    }
    List<Result> results = new ArrayList<>();
    for (Path file : files) {
      results.addAll(queries.run(file));
    }
    return results;
  }

  private static Outcome outcome(List<Result> results) {
    for (Result result : results) {
      System.out.printf(
          Locale.ROOT,
          "%4d %s%s%n",
          result.series(),
          result.panel(),
          result.series() > 0 ? "" : "\n     " + result.expression() + " " + result.problem());
    }
    long panels = results.stream().map(Result::panel).distinct().count();
    long good = results.stream().filter(result -> result.series() > 0).count();
    return new Outcome(
        String.format(
            Locale.ROOT, "%d of %d queries of %d panels give data", good, results.size(), panels),
        "all do",
        !results.isEmpty() && good == results.size());
  }
}

package dev.quicksilver.benchmarks.alerts;

import static dev.quicksilver.cli.config.Settings.BRIDGE_TLS_CERTIFICATE;
import static dev.quicksilver.cli.config.Settings.BRIDGE_TLS_KEY;
import static dev.quicksilver.cli.config.Settings.ROOT_CONFIRM_AFTER;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What the alerts watch: root, relay, edge and a bridge beside the edge, and a row that changes all
 * the time. Two more nodes are started by those trials that need them.
 *
 * @param cluster with the nodes
 * @param postgres the central one
 * @param certificate the bridge's
 */
public record AlertTree(Cluster cluster, EmbeddedPostgres postgres, BridgeCertificate certificate) {
  static final String ROOT = "root";
  static final String RELAY = "relay";
  static final String EDGE = "edge";
  static final String BRIDGE = "bridge";

  /** A node whose upstream is not as it should be. */
  static final String STRAY = "stray";

  /** A node that has little room. */
  static final String SMALL = "small";

  /** A row that is {@linkplain DamagedValue damaged} later. */
  static final String SOUND_VALUE = "to be found";

  /**
   * Starts the nodes that are always there, and waits until all is well.
   *
   * @param programs runs programs of the operating system
   */
  public static AlertTree start(Cluster cluster, EmbeddedPostgres postgres, Programs programs)
      throws Exception {
    AlertTree tree =
        new AlertTree(cluster, postgres, new BridgeCertificate(cluster.folder(), programs));
    cluster.start(NodeSpec.root(ROOT).with(ROOT_CONFIRM_AFTER, "1s"));
    cluster.awaitHealthy(ROOT);
    tree.execute("SELECT quicksilver.create_database('dns')");
    cluster.start(NodeSpec.replica(RELAY, ROOT));
    cluster.start(NodeSpec.replica(EDGE, RELAY));
    cluster.awaitHealthy(EDGE);
    tree.execute("INSERT INTO dns VALUES ('damaged', '" + SOUND_VALUE + "')");
    cluster.awaitStatus(
        EDGE, "to have the row", said -> said.databases().stream().anyMatch(d -> d.pairs() == 1));
    tree.certificate.put(ExpiringCertificate.DAYS);
    cluster.start(
        NodeSpec.bridge(BRIDGE, EDGE)
            .with(BRIDGE_TLS_CERTIFICATE, tree.certificate.file().toString())
            .with(BRIDGE_TLS_KEY, tree.certificate.key().toString()));
    cluster.awaitHealthy(BRIDGE);
    return tree;
  }

  /** Returns where all nodes serve metrics, those of trials among them. */
  public List<String> instances() {
    return List.of(ROOT, RELAY, EDGE, BRIDGE, STRAY, SMALL).stream().map(this::instance).toList();
  }

  /** Returns where the nodes that always run serve metrics. */
  public List<String> lastingInstances() {
    return List.of(ROOT, RELAY, EDGE, BRIDGE).stream().map(this::instance).toList();
  }

  String instance(String node) {
    return cluster.address(node, "http");
  }

  /** Changes a row all the time, until the thread is interrupted; it waits for nobody. */
  public Object beat() throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = local");
      while (true) {
        statement.execute(
            "INSERT INTO dns VALUES ('beat', now()::text)"
                + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
        TimeUnit.MILLISECONDS.sleep(200);
      }
    } catch (InterruptedException e) {
      return "over";
    }
  }

  /** Executes a statement that does not wait for the root. */
  void execute(String sql) throws SQLException {
    execute(sql, "local");
  }

  void execute(String sql, String synchronousCommit) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = " + synchronousCommit);
      statement.execute(sql);
    }
  }

  /** Runs the command of the runbook that copies a node's database anew. */
  void copyAnew(String node) throws IOException, InterruptedException {
    var ended = cluster.run("copy-anew", "dns", "--node=" + instance(node));
    if (ended.exitCode() != 0) {
      throw new IOException("copy-anew failed: " + ended);
    }
  }
}

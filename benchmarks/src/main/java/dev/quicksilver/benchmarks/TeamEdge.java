package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import java.util.function.UnaryOperator;

/**
 * The central PostgreSQL, a root, a replica below it, and a bridge at the replica, each a process
 * of its own. The bridge knows the catalog's users, and speaks TLS; {@code operator} reads
 * everything. Everything is gone after {@link #close()}.
 */
final class TeamEdge implements AutoCloseable {
  /** A user of the bridge's own, and the password. */
  static final String OPERATOR = "operator";

  private static final String REPLICA = "replica";
  private static final String BRIDGE = "bridge";

  private final Cluster cluster;
  private final CertificateAuthority authority;
  private final EmbeddedPostgres central;

  private TeamEdge(Cluster cluster, UnaryOperator<NodeSpec> how) throws Exception {
    this.cluster = cluster;
    authority = CertificateAuthority.openOrCreate(cluster.folder().resolve("tls"));
    central = cluster.embedPostgres();
    cluster.start(NodeSpec.root("root"));
    cluster.awaitHealthy("root");
    cluster.start(NodeSpec.replica(REPLICA, "root"));
    cluster.awaitHealthy(REPLICA);
    TlsFiles files = issue("edge", "localhost", "127.0.0.1");
    NodeSpec spec =
        NodeSpec.bridge(BRIDGE, REPLICA)
            .startedWith(Processes.SERVICE)
            .with(Settings.BRIDGE_USERS, "catalog")
            .with(Settings.BRIDGE_USER, OPERATOR)
            .with(Settings.BRIDGE_PASSWORD, password(OPERATOR))
            .with(Settings.BRIDGE_TLS_CERTIFICATE, files.certificate().toString())
            .with(Settings.BRIDGE_TLS_KEY, files.key().toString())
            .with(Settings.BRIDGE_TLS_AUTHORITIES, authorities().toString());
    cluster.start(how.apply(spec));
    cluster.awaitHealthy(BRIDGE);
  }

  /**
   * Starts all of it.
   *
   * @param how changes what the bridge is started with
   */
  static TeamEdge start(UnaryOperator<NodeSpec> how) throws Exception {
    Cluster cluster = Processes.cluster();
    try {
      return new TeamEdge(cluster, how);
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** The password of each user. */
  static String password(String user) {
    return "pw " + user;
  }

  /** Makes a certificate of the authority that the bridge trusts. */
  TlsFiles issue(String name, String... more) throws IOException {
    Instant now = Instant.now();
    return authority.issue(name, List.of(more), now.minusSeconds(60), now.plus(Duration.ofDays(1)));
  }

  /** The file with that authority's certificate. */
  Path authorities() {
    return cluster.folder().resolve("tls/ca.pem");
  }

  /** The central PostgreSQL. */
  EmbeddedPostgres central() {
    return central;
  }

  /** Runs statements on the central PostgreSQL. */
  void sql(String sql) throws SQLException {
    try (Connection connection = central.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The replica's data directory. */
  Path data() {
    return cluster.data(REPLICA);
  }

  ChildProcess replica() {
    return cluster.process(REPLICA);
  }

  ChildProcess bridge() {
    return cluster.process(BRIDGE);
  }

  int port() {
    return cluster.port(BRIDGE, "bridge");
  }

  /** A session of the bridge, with TLS and the user's own password. */
  Connection as(String user) throws SQLException {
    return connect(user, password(user));
  }

  Connection connect(String user, String password) throws SQLException {
    var properties = new Properties();
    properties.setProperty("password", password);
    return connect(user, properties);
  }

  /** A session of a user who shows a certificate and knows no password. */
  Connection connect(String user, TlsFiles certificate) throws SQLException, IOException {
    String pem = Files.readString(certificate.key());
    byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", "").strip());
    Path key =
        Files.write(
            certificate.key().resolveSibling(certificate.key().getFileName() + ".pk8"), der);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    var properties = new Properties();
    properties.setProperty("sslcert", certificate.certificate().toString());
    properties.setProperty("sslkey", key.toString());
    return connect(user, properties);
  }

  private Connection connect(String user, Properties properties) throws SQLException {
    properties.setProperty("user", user);
    properties.setProperty("sslmode", "verify-full");
    properties.setProperty("sslrootcert", authorities().toString());
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port() + "/quicksilver", properties);
  }

  /** A number of the bridge's metrics; 0 if it is not there. */
  double metric(String name) throws IOException, InterruptedException {
    return cluster
        .ask(BRIDGE, "/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  /** What the bridge and the replica have printed last. */
  String output() {
    return bridge().output() + replica().output();
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}

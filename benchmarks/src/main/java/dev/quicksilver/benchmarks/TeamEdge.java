package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;

/**
 * The central PostgreSQL, a root, a replica below it, and a bridge at the replica, each a process
 * of its own. The bridge knows the catalog's users, and speaks TLS; {@code operator} reads
 * everything. Everything is gone after {@link #close()}.
 */
final class TeamEdge implements AutoCloseable {
  /** A user of the bridge's own, and the password. */
  static final String OPERATOR = "operator";

  private final Path folder;
  private final List<Runnable> ends = new ArrayList<>();
  private final CertificateAuthority authority;
  private final EmbeddedPostgres central;
  private final ChildProcess replica;
  private final ChildProcess bridge;
  private final int port;
  private final int http;

  private TeamEdge(Path folder, String... options) throws Exception {
    this.folder = folder;
    authority = CertificateAuthority.openOrCreate(folder.resolve("tls"));
    try {
      central = EmbeddedPostgres.builder().directory(folder.resolve("postgres")).start();
      ends.addFirst(central::close);
      int replication = Ports.free();
      part(ChildProcess.root(folder, central, replication));
      replica = part(ChildProcess.replica(folder, replication));
      port = Ports.free();
      http = Ports.free();
      TlsFiles files = issue("edge", "localhost", "127.0.0.1");
      List<String> arguments =
          new ArrayList<>(
              List.of(
                  "bridge",
                  "--node-name=bridge",
                  "--data-directory=" + data(),
                  "--bridge-listen=127.0.0.1:" + port,
                  "--bridge-users=catalog",
                  "--bridge-user=" + OPERATOR,
                  "--bridge-password=" + password(OPERATOR),
                  "--bridge-tls-certificate=" + files.certificate(),
                  "--bridge-tls-key=" + files.key(),
                  "--bridge-tls-authorities=" + authorities(),
                  "--http-listen=127.0.0.1:" + http));
      arguments.addAll(List.of(options));
      bridge = part(ChildProcess.startService(folder.resolve("bridge.log"), arguments));
      bridge.awaitHealthy(http);
    } catch (Exception | AssertionError e) {
      close();
      throw e;
    }
  }

  private ChildProcess part(ChildProcess process) {
    ends.addFirst(process::close);
    return process;
  }

  /**
   * Starts all of it.
   *
   * @param options of the bridge's command, as {@code --bridge-max-connections=50}
   */
  static TeamEdge start(String... options) throws Exception {
    return new TeamEdge(Files.createTempDirectory("quicksilver-bench-"), options);
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
    return folder.resolve("tls/ca.pem");
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
    return folder.resolve("replica");
  }

  ChildProcess replica() {
    return replica;
  }

  ChildProcess bridge() {
    return bridge;
  }

  int port() {
    return port;
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
        "jdbc:postgresql://127.0.0.1:" + port + "/quicksilver", properties);
  }

  /** A number of the bridge's metrics; 0 if it is not there. */
  double metric(String name) throws IOException {
    URI page = URI.create("http://127.0.0.1:" + http + "/metrics");
    try (InputStream in = page.toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.startsWith(name + " "))
          .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
          .findFirst()
          .orElse(0);
    }
  }

  /** What the bridge and the replica have printed last. */
  String output() {
    return bridge.output() + replica.output();
  }

  @Override
  public void close() throws IOException {
    ends.forEach(Runnable::run);
    Tree.delete(folder);
  }
}

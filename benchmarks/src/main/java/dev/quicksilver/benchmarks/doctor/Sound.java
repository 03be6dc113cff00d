package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * A tree in which nothing is wrong: PostgreSQL, a root and a replica that has a database. Set-ups
 * take what they need of it, and break something of their own beside it.
 *
 * @param cluster with the nodes
 * @param postgres the central one
 * @param doctor who looks
 */
public record Sound(Cluster cluster, EmbeddedPostgres postgres, Doctor doctor) {
  static final String ROOT = "root";
  static final String REPLICA = "replica";

  /** Listens at any port that is free. */
  static final String ANY_PORT = "127.0.0.1:0";

  /** Starts it, and builds what doctor runs from. */
  public static Sound start(Cluster cluster, Path home)
      throws IOException, InterruptedException, SQLException {
    // Another user has to come through to what is made for it.
    Files.setPosixFilePermissions(cluster.folder(), PosixFilePermissions.fromString("rwxr-xr-x"));
    Path reports = Files.createDirectories(cluster.folder().resolve("reports"));
    Sound sound = new Sound(cluster, cluster.embedPostgres(), new Doctor(home, reports));
    sound.doctor.run("version");
    cluster.start(NodeSpec.root(ROOT));
    cluster.awaitHealthy(ROOT);
    Cures.execute(sound.postgres, "postgres", "SELECT quicksilver.create_database('dns')");
    cluster.start(NodeSpec.replica(REPLICA, ROOT));
    cluster.awaitHealthy(REPLICA);
    cluster.awaitStatus(REPLICA, "to have dns", said -> said.databases().size() == 2);
    return sound;
  }

  /** Returns the calls for all roles; the root and the replica run. */
  public List<Call> calls() {
    return List.of(
        rootOf(postgres, "postgres")
            .with("data.directory", cluster.data(ROOT))
            .with("replication.listen", cluster.address(ROOT, "replication"))
            .with("http.listen", cluster.address(ROOT, "http")),
        replica()
            .with("data.directory", cluster.data(REPLICA))
            .with("replication.listen", cluster.address(REPLICA, "replication"))
            .with("http.listen", cluster.address(REPLICA, "http")),
        replica(),
        serve(),
        bridge());
  }

  /** Returns a new folder of this name. */
  Path folder(String name) throws IOException {
    return Files.createDirectories(cluster.folder().resolve("set-ups").resolve(name));
  }

  private Call node(String role, String name) {
    return Call.of(role)
        .with("data.directory", cluster.folder().resolve("set-ups").resolve(name))
        .with("replication.listen", ANY_PORT)
        .with("http.listen", ANY_PORT);
  }

  /** Returns a replica of the root that was not started yet. */
  Call replica() {
    return node("replica", "new-replica")
        .with("replication.upstreams", cluster.address(ROOT, "replication"));
  }

  /** Returns a root that was not started yet, on a database of a server, as its superuser. */
  Call rootOf(EmbeddedPostgres server, String database) {
    return node("root", "new-root")
        .with("postgres.user", server.user())
        .withVariable("QUICKSILVER_POSTGRES_URL", server.jdbcUrl(database))
        .withVariable("QUICKSILVER_POSTGRES_PASSWORD", server.password());
  }

  /** Returns a RESP server beside the replica. */
  Call serve() {
    return Call.of("serve")
        .with("data.directory", cluster.data(REPLICA))
        .with("resp.listen", ANY_PORT)
        .with("http.listen", ANY_PORT);
  }

  /** Returns a bridge beside the replica. */
  Call bridge() {
    return Call.of("bridge")
        .with("data.directory", cluster.data(REPLICA))
        .with("bridge.listen", ANY_PORT)
        .with("http.listen", ANY_PORT);
  }

  /** Returns a URL of a server without its user and password. */
  static String url(EmbeddedPostgres server, String database) {
    return "jdbc:postgresql://127.0.0.1:" + server.port() + "/" + database;
  }

  /** Makes a database that has the schema of a root. */
  Call migrated(String name) throws IOException, InterruptedException, SQLException {
    Cures.execute(postgres, "postgres", "CREATE DATABASE " + name);
    doctor.runWith(rootOf(postgres, name), "migrate");
    return rootOf(postgres, name);
  }

  /** Makes a certificate; {@code made-by} is the folder of its authority. */
  TlsFiles certificate(Path madeBy, String node, Duration age, Duration left)
      throws IOException, GeneralSecurityException {
    Instant now = Instant.now();
    return CertificateAuthority.openOrCreate(madeBy)
        .issue(node, List.of("127.0.0.1"), now.minus(age), now.plus(left));
  }

  /** Returns a call with these files for replication. */
  static Call withTls(Call call, String node, TlsFiles files) {
    return call.with("node.name", node)
        .with("replication.tls-certificate", files.certificate())
        .with("replication.tls-key", files.key())
        .with("replication.tls-authorities", files.authorities().getFirst());
  }

  /**
   * Returns whether a finding is right for this machine whatever is set up: a hard limit of open
   * files that a container was given.
   */
  static boolean isOfTheMachine(Line line) {
    return MACHINE.contains(line.check())
        && line.level().equals("warning")
        && line.what().endsWith("fewer than 65536")
        && HardLimit.openFiles() < 65_536;
  }

  private static final Set<String> MACHINE = Set.of("limits");
}

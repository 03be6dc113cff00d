package dev.quicksilver.cli.doctor;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.cli.doctor.Patient.Examined;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Set-ups that are broken for real: each is found and named, and gone after its cure. */
final class DoctorCommandTest {
  @TempDir private Path folder;
  @TempDir private Path elsewhere;
  private DatabaseSet databases;
  private ReplicationServer upstream;

  @BeforeEach
  void listen() {
    databases = DatabaseSet.open(elsewhere.resolve("upstream"), StorageOptions.DEFAULT);
    upstream = serve(databases);
  }

  private static ReplicationServer serve(DatabaseSet databases) {
    return ReplicationServer.start("127.0.0.1", 0, databases, NodeIdentity.create("relay", ""));
  }

  @AfterEach
  void close() {
    upstream.close();
    databases.close();
  }

  private Examined replica(String... more) {
    return examine("replica", more);
  }

  private Examined examine(String role, String... more) {
    List<String> arguments = new ArrayList<>(List.of(role, "--json", "--data-directory=" + data()));
    arguments.addAll(List.of(more));
    String all = String.join(" ", arguments);
    if (role.equals("replica") && !all.contains("--replication-listen")) {
      arguments.add("--replication-listen=127.0.0.1:0");
    }
    if (role.equals("replica") && !all.contains("--replication-upstreams")) {
      arguments.add("--replication-upstreams=127.0.0.1:" + upstream.port());
    }
    if (role.equals("serve") && !all.contains("--resp-listen")) {
      arguments.add("--resp-listen=127.0.0.1:0");
    }
    if (role.equals("bridge") && !all.contains("--bridge-listen")) {
      arguments.add("--bridge-listen=127.0.0.1:0");
    }
    return Patient.examine(arguments);
  }

  private Path data() {
    return folder.resolve("data");
  }

  @Test
  void aMachineBeforeTheInstallationIsSoundAndLeftAsItWas() {
    Examined examined = replica();
    assertThat(examined.report().errors()).as(examined.out()).isZero();
    assertThat(examined.exitCode()).isZero();
    assertThat(examined.report().role()).isEqualTo("replica");
    assertThat(examined.report().running()).isFalse();
    examined.sound("data-directory");
    examined.sound("native-code");
    examined.sound("pid-namespace");
    examined.sound("listeners");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void printsOneLineForEachFindingWithItsCure() throws Exception {
    Files.createFile(data());
    Examined examined =
        Patient.examine(
            List.of("replica", "--data-directory=" + data(), "--replication-listen=127.0.0.1:0"));
    assertThat(examined.exitCode()).isEqualTo(1);
    assertThat(examined.out().lines())
        .anyMatch(
            line ->
                line.startsWith("error")
                    && line.contains(data() + " is a file")
                    && line.contains("Cure: move it away"))
        .last()
        .asString()
        .startsWith("replica, which does not run: ")
        .contains(" errors, ");
  }

  @Test
  void theRoleFollowsFromTheConfiguration() {
    String listen = "--replication-listen=127.0.0.1:0";
    String at = "--data-directory=" + data();
    Examined replica =
        Patient.examine(List.of("--json", at, listen, "--replication-upstreams=127.0.0.1:1"));
    assertThat(replica.report().role()).isEqualTo("replica");
    assertThat(Patient.examine(List.of("--json", at)).exitCode()).isEqualTo(2);
    Examined unknown = Patient.examine(List.of("nurse", at));
    assertThat(unknown.exitCode()).isEqualTo(2);
    assertThat(unknown.err()).contains("nurse", "root, replica, bridge, serve");
  }

  @Test
  void findsADataDirectoryThatIsAFile() throws Exception {
    Files.createFile(data());
    assertThat(replica().error("data-directory").what()).contains(data() + " is a file");
    Files.delete(data());
    replica().sound("data-directory");
  }

  @Test
  void findsFilesOfAnotherUser() throws Exception {
    Path file = Files.createFile(Files.createDirectory(data()).resolve("catalog"));
    assumeTrue(Files.getAttribute(file, "unix:uid").equals(0), "only root may give files away");
    Files.setAttribute(file, "unix:uid", 12_345);
    Report.Line line = replica().error("data-directory");
    assertThat(line.what()).contains(file.toString(), "12345");
    assertThat(line.cure()).contains("chown -R").contains(data().toString());
    Files.setAttribute(data(), "unix:uid", 12_345);
    assertThat(replica().warning("data-directory").cure()).contains("sudo -u");
    Files.setAttribute(data(), "unix:uid", 0);
    Files.setAttribute(file, "unix:uid", 0);
    replica().sound("data-directory");
  }

  @Test
  void findsThatThereIsNoReplicaToServe() {
    for (String role : List.of("serve", "bridge")) {
      assertThat(examine(role).error("data-directory").cure()).contains("start the replica first");
    }
  }

  @Test
  void findsAPortThatAnotherProcessHas() throws Exception {
    String listen;
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      listen = "127.0.0.1:" + other.getLocalPort();
      Report.Line line = replica("--replication-listen=" + listen).error("listeners");
      assertThat(line.what()).contains("replication.listen = " + listen + " is in use");
      assertThat(line.cure()).contains("ss -ltnp").contains(":" + other.getLocalPort());
    }
    replica("--replication-listen=" + listen).sound("listeners");
  }

  @Test
  void aPortOfTheNodeItselfIsNoFinding() throws Exception {
    try (ServerSocket own = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ProcessFile file = ProcessFile.claim(data(), "node")) {
      String listen = "127.0.0.1:" + own.getLocalPort();
      file.publish(
          new ProcessFile.Content(
              "replica", ProcessHandle.current().pid(), Map.of("replication", listen)));
      Examined examined = replica("--replication-listen=" + listen);
      examined.sound("listeners");
      assertThat(examined.report().running()).isTrue();
      int another;
      try (ServerSocket free = new ServerSocket(0)) {
        another = free.getLocalPort();
      }
      assertThat(replica("--replication-listen=127.0.0.1:" + another).warning("listeners").what())
          .contains("the node that runs listens at " + listen);
    }
  }

  @Test
  void findsAnAddressOfAnotherMachine() {
    // 192.0.2.0/24 is for documents.
    Report.Line line =
        examine("serve", "--resp-listen=192.0.2.1:0", "--resp-password=secret")
            .report()
            .findings()
            .stream()
            .filter(l -> l.what().contains("no address of this machine"))
            .findFirst()
            .orElseThrow();
    assertThat(line.cure()).contains("ip address");
  }

  @Test
  void findsWhatOtherMachinesReachWithoutProtection() throws Exception {
    assertThat(replica("--replication-listen=0.0.0.0:0").error("listeners").cure())
        .contains("replication.tls-certificate");
    assertThat(examine("bridge", "--bridge-listen=0.0.0.0:0").only("listeners").what())
        .contains("without TLS and users");
    assertThat(
            examine("serve", "--resp-listen=0.0.0.0:0", "--resp-users=catalog")
                .only("listeners")
                .what())
        .endsWith("without TLS");
    assertThat(replica("--http-listen=0.0.0.0:0").error("listeners").cure())
        .contains("http.token-file");
  }

  @Test
  void findsWhatIsWrongWithCertificates() throws Exception {
    CertificateAuthority authority = CertificateAuthority.openOrCreate(folder.resolve("tls"));
    Instant now = Instant.now();
    Instant before = now.minus(Duration.ofDays(2));
    TlsFiles edge = authority.issue("edge-1", List.of(), before, now.minus(Duration.ofDays(1)));
    assertThat(withCertificate(edge, "edge-1").error("certificates").what()).contains("expired");

    edge = authority.issue("edge-1", List.of(), before, now.plus(Duration.ofDays(3)));
    assertThat(withCertificate(edge, "edge-1").warning("certificates").what())
        .contains("in 2 days");

    edge = authority.issue("edge-1", List.of(), before, now.plus(Duration.ofDays(300)));
    withCertificate(edge, "edge-1").sound("certificates");
    assertThat(withCertificate(edge, "edge-2").error("certificates").what())
        .contains("edge-1", "edge-2");

    TlsFiles other = authority.issue("edge-2", List.of(), before, now.plus(Duration.ofDays(300)));
    TlsFiles mixed = new TlsFiles(edge.certificate(), other.key(), edge.authorities());
    assertThat(withCertificate(mixed, "edge-1").error("certificates").what())
        .contains("does not belong to the certificate");

    TlsFiles missing = new TlsFiles(folder.resolve("no.pem"), edge.key(), edge.authorities());
    assertThat(withCertificate(missing, "edge-1").error("certificates").what())
        .contains("no.pem", "does not exist");
    assertThat(replica("--replication-tls-key=" + edge.key()).only("certificates").cure())
        .contains("replication.tls-authorities");
  }

  private Examined withCertificate(TlsFiles files, String node) {
    return replica(
        "--replication-upstreams=127.0.0.1:1",
        "--node-name=" + node,
        "--replication-tls-certificate=" + files.certificate(),
        "--replication-tls-key=" + files.key(),
        "--replication-tls-authorities=" + files.authorities().getFirst());
  }

  @Test
  void findsUpstreamsThatCannotBeReached() throws Exception {
    assertThat(replica("--replication-upstreams=").error("upstreams").cure())
        .contains("replication.upstreams");
    String here = "127.0.0.1:" + upstream.port();
    String away;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      away = "127.0.0.1:" + free.getLocalPort();
    }
    Report.Line line = replica("--replication-upstreams=" + away).error("upstreams");
    assertThat(line.what()).contains(away).contains("cannot be reached");
    assertThat(line.cure()).startsWith("start that node");
    replica("--replication-upstreams=" + away + "," + here).warning("upstreams");
    replica("--replication-upstreams=" + here).sound("upstreams");
    assertThat(replica("--replication-upstreams=192.0.2.1:7400").error("upstreams").cure())
        .contains("replication.tls-certificate");
    Examined itself = replica("--replication-listen=" + away, "--replication-upstreams=" + away);
    assertThat(itself.error("upstreams").what()).contains("is this node itself");
  }

  @Test
  void findsUpstreamsThatAreNotWhoTheyAreToBe() throws Exception {
    CertificateAuthority authority = CertificateAuthority.openOrCreate(folder.resolve("tls"));
    CertificateAuthority stranger = CertificateAuthority.openOrCreate(folder.resolve("other"));
    Instant from = Instant.now().minusSeconds(60);
    Instant to = from.plus(Duration.ofDays(300));
    TlsFiles edge = authority.issue("edge-1", List.of(), from, to);
    TlsFiles strange = stranger.issue("edge-1", List.of(), from, to);
    try (Tls tls = Tls.load(authority.issue("relay-1", List.of(), from, to), "relay-1");
        ReplicationServer relay =
            ReplicationServer.start(
                "127.0.0.1",
                0,
                databases,
                NodeIdentity.create("relay-1", ""),
                new Subtree(),
                ServerOptions.DEFAULT,
                Transport.tls(tls, List.of("edge-*")))) {
      String port = "@127.0.0.1:" + relay.port();
      follow(edge, "relay-1" + port).sound("upstreams");
      assertThat(follow(edge, "relay-2" + port).error("upstreams").what()).contains("relay-1");
      assertThat(follow(strange, "relay-1" + port).error("upstreams").what())
          .contains("relay-1" + port);
      TlsFiles desk = authority.issue("desk-1", List.of(), from, to);
      Report.Line refused = follow("desk-1", desk, "relay-1" + port).error("upstreams");
      assertThat(refused.what()).contains("refuses this node, NOT_AUTHORIZED");
      assertThat(replica("--replication-upstreams=127.0.0.1:" + relay.port()).error("upstreams"))
          .extracting(Report.Line::cure)
          .asString()
          .isNotBlank();
    }
  }

  @Test
  void findsAnUpstreamThatIsNoNode() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var _ = Thread.ofPlatform().daemon().start(() -> hangUp(other));
      Report.Line line =
          replica("--replication-upstreams=127.0.0.1:" + other.getLocalPort()).error("upstreams");
      assertThat(line.what()).contains("does not answer as a node");
      assertThat(line.cure()).contains("name a node's replication.listen");
    }
  }

  /** Says something else to each client, until nobody listens any more. */
  private static void hangUp(ServerSocket other) {
    while (!other.isClosed()) {
      try (Socket client = other.accept()) {
        client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
      } catch (IOException e) {
        // one that only looked, or the end
      }
    }
  }

  @Test
  void findsAnUpstreamOfAnotherCluster() {
    UUID ours = UUID.randomUUID();
    catalog(databases, ours);
    replica().sound("upstreams"); // it has no copy yet
    try (DatabaseSet copy = DatabaseSet.open(data(), StorageOptions.DEFAULT)) {
      catalog(copy, ours);
    }
    replica().sound("upstreams");
    try (DatabaseSet others =
        DatabaseSet.open(elsewhere.resolve("others"), StorageOptions.DEFAULT)) {
      UUID theirs = UUID.randomUUID();
      catalog(others, theirs);
      try (ReplicationServer other = serve(others)) {
        Report.Line line =
            replica("--replication-upstreams=127.0.0.1:" + other.port()).error("upstreams");
        assertThat(line.what()).contains("another cluster", ours.toString(), theirs.toString());
        assertThat(line.cure()).startsWith("correct replication.upstreams");
      }
    }
  }

  private static void catalog(DatabaseSet set, UUID id) {
    var _ = set.create(new DatabaseIdentity(id, DatabaseSet.CATALOG, "text", "jsonb"));
  }

  private Examined follow(TlsFiles files, String from) {
    return follow("edge-1", files, from);
  }

  private Examined follow(String node, TlsFiles files, String from) {
    return replica(
        "--replication-upstreams=" + from,
        "--node-name=" + node,
        "--replication-tls-certificate=" + files.certificate(),
        "--replication-tls-key=" + files.key(),
        "--replication-tls-authorities=" + files.authorities().getFirst());
  }

  @Test
  void findsSecretsThatOthersReadOrNobody() throws Exception {
    Path secret = folder.resolve("password");
    String flag = "--resp-password-file=" + secret;
    assertThat(examine("serve", flag).error("secrets").what()).contains("password");
    Files.writeString(secret, "secret\n");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
    Report.Line line = examine("serve", flag).warning("secrets");
    assertThat(line.cure()).isEqualTo("chmod o-rwx " + secret);
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r-----"));
    examine("serve", flag).sound("secrets");
  }

  @Test
  void findsANodeOfAnotherPidNamespace() throws Exception {
    Path run = Files.createDirectories(data().resolve("run"));
    Files.writeString(run.resolve("pid-namespace"), "pid:[1]\nanother boot\n");
    try (FileChannel channel =
            FileChannel.open(
                run.resolve("pid-namespace.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      Report.Line line = replica().error("pid-namespace");
      assertThat(line.what()).contains("pid:[1]");
      assertThat(line.cure()).contains("--pid=container:NODE");
    }
    replica().sound("pid-namespace");
  }

  @Test
  void findsAUnixSocketThatCannotBeMade() throws Exception {
    Path at = folder.resolve("resp.sock");
    socket(at).sound("unix-socket");
    assertThat(folder).isEmptyDirectory();
    Report.Line tooLong = socket(folder.resolve("a".repeat(107))).error("unix-socket");
    assertThat(tooLong.what()).contains("a socket's path may have 107");
    Path nowhere = folder.resolve("run");
    Report.Line line = socket(nowhere.resolve("resp.sock")).error("unix-socket");
    assertThat(line.cure()).startsWith("mkdir -p " + nowhere + ";");
    Files.createFile(at);
    assertThat(socket(at).error("unix-socket").what()).contains("is no socket");
    Files.delete(at);
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(at));
      assertThat(socket(at).error("unix-socket").cure()).contains("ss -lxp").contains(at + "'");
    }
    socket(at).sound("unix-socket"); // nobody listens at it any more
  }

  private Examined socket(Path at) {
    return examine("serve", "--resp-unix-socket=" + at);
  }

  @Test
  void findsThatTheEmbeddedPostgresHasNoPort() {
    String port = "--postgres-embedded-port=" + upstream.port();
    assertThat(embedded(port).error("postgres").cure())
        .contains("'sport = :" + upstream.port() + "'");
    upstream.close();
    embedded(port).sound("postgres");
    embedded("--postgres-embedded-port=0").sound("postgres");
  }

  private Examined embedded(String port) {
    return examine(
        "root",
        port,
        "--replication-listen=127.0.0.1:0",
        "--postgres-embedded=true",
        "--postgres-embedded-directory=" + folder.resolve("postgres"));
  }
}

package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.TlsFiles;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS of every kind that PostgreSQL's clients speak, and what is refused without it. */
class SecureConnectionTest {
  private static final String PASSWORD = "s3cret";
  private static final Path ATTACH =
      Path.of("../sql/src/main/resources/dev/quicksilver/sql/R__attach_edge.sql");

  @TempDir private Path directory;
  private Path data;
  private Path tls;
  private TlsFiles server;
  private CertificateAuthority authority;
  private Bridge bridge;

  @BeforeEach
  void start() throws IOException {
    data = directory.resolve("data");
    tls = directory.resolve("tls");
    TestReplica.write(data, "dns", "text", List.of(pair("a", "1"), pair("b", "2")));
    authority = CertificateAuthority.openOrCreate(tls);
    server = issue("edge-1", "localhost", "127.0.0.1");
    bridge = Bridge.start(config());
  }

  @AfterEach
  void stop() {
    bridge.close();
  }

  private BridgeConfig config() {
    return TestReplica.config(data)
        .withCredentials(Credentials.ofPassword("analyst", PASSWORD))
        .withTls(server);
  }

  private TlsFiles issue(String name, String... more) throws IOException {
    Instant now = Instant.now();
    return authority.issue(name, List.of(more), now.minusSeconds(60), now.plus(Duration.ofDays(1)));
  }

  private Connection connect(String host, String user, String parameters) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d/quicksilver?user=%s%s"
            .formatted(host, bridge.port(), user, parameters));
  }

  private String verified() {
    return "&sslmode=verify-full&sslrootcert=" + tls.resolve("ca.pem");
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  @Test
  void speaksTlsToThoseWhoCheckIt() throws SQLException {
    for (String host : List.of("localhost", "127.0.0.1")) {
      try (Connection connection =
          connect(
              host, "analyst", "&password=" + PASSWORD + "&channelBinding=require" + verified())) {
        assertThat(one(connection, "SELECT value FROM dns WHERE key = 'b'")).isEqualTo("2");
        assertThat(one(connection, "SELECT upper(key) FROM dns WHERE value = '1'")).isEqualTo("A");
      }
    }
    assertThatThrownBy(
            () -> connect("localhost", "analyst", "&password=wrong" + verified()).close())
        .extracting(e -> ((SQLException) e).getSQLState())
        .isEqualTo("28P01");
  }

  @Test
  void letsInWhoseCertificateNamesThem() throws Exception {
    TlsFiles analyst = issue("analyst");
    TlsFiles stranger = issue("stranger");
    try (Connection connection = connect("localhost", "analyst", verified() + shows(analyst))) {
      assertThat(one(connection, "SELECT count(*) FROM dns")).isEqualTo("2");
    }
    assertThatThrownBy(() -> connect("localhost", "analyst", verified() + shows(stranger)).close())
        .hasMessageContaining("no password was provided");
    assertThatThrownBy(() -> connect("localhost", "stranger", verified() + shows(stranger)).close())
        .hasMessageContaining("no password was provided");
    CertificateAuthority other = CertificateAuthority.openOrCreate(directory.resolve("other"));
    Instant now = Instant.now();
    TlsFiles forged =
        other.issue("analyst", List.of(), now.minusSeconds(60), now.plusSeconds(3600));
    assertThatThrownBy(() -> connect("localhost", "analyst", verified() + shows(forged)).close())
        .isInstanceOf(SQLException.class);
  }

  /** The driver wants keys in DER form. */
  private String shows(TlsFiles files) throws Exception {
    String pem = Files.readString(files.key());
    byte[] der =
        java.util.Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", "").strip());
    Path key = Files.write(files.key().resolveSibling(files.key().getFileName() + ".pk8"), der);
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    return "&sslcert=" + files.certificate() + "&sslkey=" + key;
  }

  @Test
  void refusesToListenElsewhereWithoutTlsAndUsers() {
    BridgeConfig plain = TestReplica.config(data).withHost("0.0.0.0");
    assertThatThrownBy(() -> Bridge.start(plain).close())
        .hasMessageContaining("bridge.tls-certificate");
    assertThatThrownBy(() -> Bridge.start(plain.withTls(server)).close())
        .hasMessageContaining("bridge.users")
        .hasMessageContaining("bridge.password-file");
  }

  /** Channels have sockets of another kind than those that a bridge opens itself. */
  @Test
  void servesOnASocketThatListensAlready() throws Exception {
    bridge.close();
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (var open = ServerSocketChannel.open().bind(new InetSocketAddress(loopback, 0))) {
      bridge = Bridge.start(config(), open.socket());
      speaksTlsToThoseWhoCheckIt();
    }
    try (var open = ServerSocketChannel.open().bind(new InetSocketAddress(0))) {
      assertThatThrownBy(() -> Bridge.start(TestReplica.config(data), open.socket()).close())
          .hasMessageContaining("bridge.tls-certificate");
    }
  }

  @Test
  void takesClientsOfOtherMachinesWithTlsOnly() throws Exception {
    Optional<InetAddress> outside = outside();
    assumeTrue(outside.isPresent(), "this machine has no address but loopback");
    String host = outside.orElseThrow().getHostAddress();
    bridge.close();
    server = issue("edge-1", host);
    bridge = Bridge.start(config().withHost("0.0.0.0"));
    try (Connection connection = connect(host, "analyst", "&password=" + PASSWORD + verified())) {
      assertThat(one(connection, "SELECT count(*) FROM dns")).isEqualTo("2");
    }
    assertThatThrownBy(
            () -> connect(host, "analyst", "&password=" + PASSWORD + "&sslmode=disable").close())
        .hasMessageContaining("with TLS only")
        .hasMessageContaining("sslmode=require");
    try (Connection local =
        connect("127.0.0.1", "analyst", "&password=" + PASSWORD + "&sslmode=disable")) {
      assertThat(one(local, "SELECT count(*) FROM dns")).isEqualTo("2");
    }
  }

  private static Optional<InetAddress> outside() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(Inet4Address.class::isInstance)
        .filter(address -> !address.isLoopbackAddress())
        .findFirst();
  }

  @Test
  void takesNewFilesWithoutARestart() throws Exception {
    try (Connection before =
        connect("localhost", "analyst", "&password=" + PASSWORD + verified())) {
      CertificateAuthority other = CertificateAuthority.openOrCreate(directory.resolve("next"));
      Instant now = Instant.now();
      TlsFiles fresh =
          other.issue("edge-1", List.of("localhost"), now.minusSeconds(60), now.plusSeconds(9999));
      Files.move(fresh.key(), server.key(), StandardCopyOption.REPLACE_EXISTING);
      Files.move(fresh.certificate(), server.certificate(), StandardCopyOption.REPLACE_EXISTING);
      String trusts = "&sslmode=verify-full&sslrootcert=" + directory.resolve("next/ca.pem");
      Await.until(
          "the new certificate is in use",
          () -> {
            try (Connection after =
                connect("localhost", "analyst", "&password=" + PASSWORD + trusts)) {
              return one(after, "SELECT count(*) FROM dns");
            } catch (SQLException e) {
              return String.valueOf(e.getMessage());
            }
          },
          "2"::equals);
      assertThat(one(before, "SELECT count(*) FROM dns")).isEqualTo("2");
    }
  }

  @Test
  void cancelsThroughTls() throws Exception {
    try (Connection connection =
            connect("localhost", "analyst", "&password=" + PASSWORD + verified());
        Statement statement = connection.createStatement()) {
      TestReplica.cancelOnceItRuns(bridge, statement);
      assertThatThrownBy(
              () ->
                  statement.executeQuery(
                      "SELECT count(*) FROM generate_series(1, 100000000000) AS g"))
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("57014");
    }
  }

  @Test
  void servesForeignTablesThroughTls() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Connection sql = DriverManager.getConnection(postgres.jdbcUrl());
        Statement statement = sql.createStatement()) {
      statement.execute(Files.readString(ATTACH));
      statement.execute(
          ("SELECT quicksilver.attach_edge('edge', 'localhost', %d, 'analyst', '%s', sslrootcert =>"
                  + " '%s')")
              .formatted(bridge.port(), PASSWORD, tls.resolve("ca.pem")));
      assertThat(one(sql, "SELECT string_agg(value, ',' ORDER BY key) FROM edge.dns"))
          .isEqualTo("1,2");
      assertThat(one(sql, "SELECT srvoptions::text FROM pg_foreign_server"))
          .contains("sslmode=verify-full", "connect_timeout=10");

      // With the verifier that PostgreSQL keeps, a role's own password opens the bridge, too.
      statement.execute("CREATE ROLE alice LOGIN PASSWORD 'alice''s own'");
      String verifier = one(sql, "SELECT rolpassword FROM pg_authid WHERE rolname = 'alice'");
      bridge.close();
      bridge =
          Bridge.start(
              TestReplica.config(data)
                  .withCredentials(Credentials.ofVerifier("alice", verifier))
                  .withTls(server));
      statement.execute(
          "ALTER SERVER edge OPTIONS (SET port '%d', ADD use_scram_passthrough 'true')"
              .formatted(bridge.port()));
      statement.execute("DROP USER MAPPING FOR PUBLIC SERVER edge");
      statement.execute("CREATE USER MAPPING FOR alice SERVER edge OPTIONS (user 'alice')");
      statement.execute("GRANT USAGE ON SCHEMA edge TO alice; GRANT SELECT ON edge.dns TO alice");
      statement.execute("GRANT USAGE ON FOREIGN SERVER edge TO alice");
      String url =
          "jdbc:postgresql://127.0.0.1:%d/postgres?user=alice&password=alice's own"
              .formatted(postgres.port());
      try (Connection alice = DriverManager.getConnection(url.replace(" ", "%20"))) {
        assertThat(one(alice, "SELECT count(*) FROM edge.dns")).isEqualTo("2");
      }
    }
  }

  @Test
  void attachesManyEdgesAtOnce() throws Exception {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Connection sql = DriverManager.getConnection(postgres.jdbcUrl());
        Statement statement = sql.createStatement()) {
      statement.execute(Files.readString(ATTACH));
      String edges =
          """
          [{"name": "one", "host": "localhost", "port": %1$d, "user": "analyst", "password": "s3cret",
            "sslrootcert": "%2$s"},
           {"name": "away", "host": "127.0.0.1", "port": 1},
           {"name": "two", "host": "127.0.0.1", "port": %1$d, "user": "analyst", "password": "wrong"}]
          """
              .formatted(bridge.port(), tls.resolve("ca.pem"));
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT edge, count(foreign_table), string_agg(problem, '') FROM"
                  + " quicksilver.attach_edges('"
                  + edges
                  + "') GROUP BY edge ORDER BY edge")) {
        rows.next();
        assertThat(rows.getString(1) + rows.getInt(2)).isEqualTo("away0");
        assertThat(rows.getString(3)).contains("could not connect to server \"away\"");
        rows.next();
        assertThat(rows.getString(1) + rows.getInt(2)).isEqualTo("one4");
        assertThat(rows.getString(3)).isNull();
        rows.next();
        assertThat(rows.getString(1) + rows.getInt(2)).isEqualTo("two0");
        assertThat(rows.getString(3)).contains("two");
      }
      assertThat(one(sql, "SELECT count(*) FROM one.dns")).isEqualTo("2");
      for (String wrong :
          List.of(
              "{}", "[1]", "[{\"name\": \"a\"}]", "[{\"name\":\"a\",\"host\":\"b\",\"prot\":1}]")) {
        assertThatThrownBy(() -> one(sql, "SELECT quicksilver.attach_edges('" + wrong + "')"))
            .extracting(e -> ((SQLException) e).getSQLState())
            .isEqualTo("22023");
      }
    }
  }

  private SSLSocket wrapped(Socket plain, boolean alpn) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream pem = Files.newInputStream(tls.resolve("ca.pem"))) {
      store.setCertificateEntry(
          "ca", (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, "localhost", bridge.port(), true);
    if (alpn) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"postgresql"});
      socket.setSSLParameters(parameters);
    }
    socket.startHandshake();
    return socket;
  }

  private Socket dial() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), bridge.port());
    socket.setSoTimeout(60_000);
    return socket;
  }

  /** {@code sslnegotiation=direct} of PostgreSQL 17 and later. */
  @Test
  void takesTlsFromTheFirstByteOn() throws Exception {
    try (SSLSocket socket = wrapped(dial(), true)) {
      assertThat(socket.getApplicationProtocol()).isEqualTo("postgresql");
      send(socket.getOutputStream(), startUp());
      assertThat(socket.getInputStream().read()).isEqualTo('R');
    }
    try (SSLSocket socket = wrapped(dial(), false)) {
      assertThat(socket.getInputStream().read()).isEqualTo('E');
    }
  }

  @Test
  void refusesPlainBytesBeforeTheHandshake() throws Exception {
    byte[] request = {0, 0, 0, 8, 4, (byte) 0xd2, 0x16, 0x2f};
    byte[] startUp = startUp();
    byte[] both = Arrays.copyOf(request, request.length + startUp.length);
    System.arraycopy(startUp, 0, both, request.length, startUp.length);
    try (Socket socket = dial()) {
      send(socket.getOutputStream(), both);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).contains("unencrypted data after SSL request").doesNotStartWith("S");
    }
  }

  /** The bridge looks now and then whether a client is gone; that must not tear a record. */
  @Test
  void takesRecordsThatComeByteByByte() throws Exception {
    bridge.close();
    bridge = Bridge.start(TestReplica.config(data).withTls(server));
    try (Socket plain = dial()) {
      try (Dribble dribble = new Dribble(plain)) {
        plain.getOutputStream().write(new byte[] {0, 0, 0, 8, 4, (byte) 0xd2, 0x16, 0x2f});
        assertThat(plain.getInputStream().read()).isEqualTo('S');
        SSLSocket socket = wrapped(dribble, false);
        send(socket.getOutputStream(), startUp());
        var in = new DataInputStream(socket.getInputStream());
        untilReady(in);
        dribble.slow = true;
        send(socket.getOutputStream(), query("SELECT pg_sleep(1)"));
        send(socket.getOutputStream(), query("SELECT value FROM dns WHERE key = 'b'"));
        untilReady(in);
        assertThat(untilReady(in)).contains("2");
      }
    }
  }

  private static String untilReady(DataInputStream in) throws IOException {
    StringBuilder all = new StringBuilder();
    while (true) {
      int type = in.readUnsignedByte();
      byte[] body = in.readNBytes(in.readInt() - 4);
      all.append((char) type).append(new String(body, StandardCharsets.UTF_8));
      if (type == 'Z' || type == 'E') {
        return all.toString();
      }
    }
  }

  private static byte[] query(String sql) {
    byte[] text = (sql + "\0").getBytes(StandardCharsets.UTF_8);
    return java.nio.ByteBuffer.allocate(5 + text.length)
        .put((byte) 'Q')
        .putInt(4 + text.length)
        .put(text)
        .array();
  }

  private static byte[] startUp() {
    byte[] names = "user\0analyst\0database\0quicksilver\0\0".getBytes(StandardCharsets.UTF_8);
    return java.nio.ByteBuffer.allocate(8 + names.length)
        .putInt(8 + names.length)
        .putInt(3 << 16)
        .put(names)
        .array();
  }

  private static void send(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** A socket that sends what it is given byte by byte, with pauses. */
  private static final class Dribble extends Socket {
    private final Socket below;
    private volatile boolean slow;

    Dribble(Socket below) {
      this.below = below;
    }

    @Override
    public boolean isConnected() {
      return true;
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return below.getInputStream();
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
      OutputStream out = new DataOutputStream(below.getOutputStream());
      return new OutputStream() {
        @Override
        public void write(int one) throws IOException {
          out.write(one);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
          if (!slow) {
            out.write(bytes, from, count);
            return;
          }
          for (int i = 0; i < count; i++) {
            out.write(bytes[from + i]);
            try {
              Thread.sleep(3);
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
        }
      };
    }

    @Override
    public InetAddress getInetAddress() {
      return below.getInetAddress();
    }

    @Override
    public int getPort() {
      return below.getPort();
    }

    @Override
    public java.net.SocketAddress getRemoteSocketAddress() {
      return new InetSocketAddress(below.getInetAddress(), below.getPort());
    }

    @Override
    public void close() throws IOException {
      below.close();
    }
  }
}

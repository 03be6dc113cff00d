package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running replica takes what has changed in its file, says what has to wait, and serves on. */
final class ReloadTest {
  private static final String DNS =
      "{\"id\":\""
          + new UUID(1, 2)
          + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}";

  @TempDir private Path folder;
  private Path file;
  private DatabaseSet source;
  private ReplicationServer first;
  private ReplicationServer second;
  private Cluster cluster;
  private long lsn;

  @BeforeEach
  void start() throws Exception {
    source =
        DatabaseSet.open(folder.resolve("source"), StorageOptions.DEFAULT.withMapSize(1L << 30));
    set(source.create(new DatabaseIdentity(new UUID(7, 7), DatabaseSet.CATALOG, "text", "jsonb")));
    Database dns = source.create(new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text"));
    assertThat(dns.head().lastSequence()).isZero();
    first = ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("first", "here"));
    second = ReplicationServer.start("127.0.0.1", 0, source, NodeIdentity.create("second", "here"));
    file = folder.resolve("replica.toml");
    write(first, "30s", "info");
    cluster = TestCluster.in(folder);
    cluster.start(
        NodeSpec.replica("edge")
            .startedWith(
                TestCluster.OPTIONS.withEnvironment(
                    Map.of("QUICKSILVER_CONFIG", file.toString()))));
    awaitUpstream("first");
  }

  @AfterEach
  void stop() throws IOException {
    cluster.close();
    second.close();
    first.close();
    source.close();
  }

  private void write(ReplicationServer upstream, String maxLag, String level) throws IOException {
    Files.writeString(
        file,
        """
        [replication]
        upstreams = ["127.0.0.1:%d"]
        [health]
        max-lag = "%s"
        [log]
        level = "%s"
        """
            .formatted(upstream.port(), maxLag, level));
  }

  private void set(Database database) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, 1);
      appender.set("dns".getBytes(UTF_8), DNS.getBytes(UTF_8));
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private NodeStatus awaitUpstream(String name) throws Exception {
    return Await.until(
        "the replica follows " + name,
        () -> cluster.status("edge"),
        status ->
            status.databases().stream()
                .anyMatch(each -> each.state().works() && each.upstream().equals(name)));
  }

  private Ended reload() throws Exception {
    return cluster.run("reload", "--data-directory=" + cluster.data("edge"));
  }

  @Test
  void takesUpstreamsBoundsAndTheLevelOfTheLog() throws Exception {
    assertThat(reload().output()).isEqualTo("replica: nothing has changed\n");
    first.close();
    write(second, "200ms", "debug");
    Ended taken = reload();
    assertThat(taken.exitCode()).as(taken.output()).isZero();
    assertThat(taken.output())
        .contains(
            "replica: replication.upstreams was taken\n",
            "replica: health.max-lag was taken\n",
            "replica: log.level was taken\n");
    long pid = awaitUpstream("second").pid();
    assertThat(pid).isEqualTo(cluster.process("edge").pid());
    second.close();
    Await.until(
        "the shorter bound holds",
        () -> cluster.ask("edge", "/freshz").body(),
        said -> said.contains("more than 200"));
    assertThat(Files.readString(cluster.log("edge"))).contains("reload: log.level was taken");
  }

  @Test
  void whatIsWrongChangesNothingAndWhatCannotBeTakenIsNamed() throws Exception {
    Files.writeString(file, Files.readString(file).replace("\"30s\"", "\"thirty\""));
    Ended wrong = reload();
    assertThat(wrong.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(wrong.output()).contains("nothing was changed", "health.max-lag", "replica.toml:4");

    write(first, "40s", "info");
    Files.writeString(file, Files.readString(file) + "[data]\nlog-max-age = \"3d\"\n", UTF_8);
    for (int i = 0; i < 2; i++) { // and it is named again, since it still waits
      Ended part = reload();
      assertThat(part.exitCode()).isEqualTo(ExitCode.REFUSED);
      assertThat(part.output())
          .contains("data.log-max-age has changed, and is taken when the process is started again");
    }
    awaitUpstream("first");
  }

  // what runs beside a node

  private NodeSpec beside(NodeSpec spec, Path own) {
    return spec.startedWith(
        TestCluster.OPTIONS.withEnvironment(Map.of("QUICKSILVER_CONFIG", own.toString())));
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://%s/quicksilver?user=analyst"
            .formatted(cluster.address("bridge", "bridge")));
  }

  @Test
  void aBridgeTakesItsLimits() throws Exception {
    Path own = folder.resolve("bridge.toml");
    Files.writeString(own, "[bridge]\nmax-connections = 1\n");
    cluster.start(beside(NodeSpec.bridge("bridge", "edge"), own));
    cluster.awaitHealthy("bridge");
    try (Connection one = connect()) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> connect().close())
          .satisfies(e -> assertThat(e.getSQLState()).isEqualTo("53300"));
      Files.writeString(
          own,
          """
          [bridge]
          max-connections = 2
          max-snapshot-age = "1s"
          [bridge.evaluator]
          memory = 300
          directory = "/nowhere"
          """);
      Ended taken = reload();
      assertThat(taken.output())
          .contains(
              "bridge.max-connections was taken\n",
              "bridge: bridge.max-snapshot-age was taken\n",
              "bridge: bridge.evaluator.memory was taken\n",
              "bridge: bridge.evaluator.directory has changed, and is taken when");
      try (Connection two = connect();
          Statement statement = two.createStatement()) {
        two.setAutoCommit(false);
        Await.until(
            "a snapshot of the new age is too old",
            () -> {
              try {
                statement.executeQuery("SELECT * FROM public.dns WHERE key = 'a'").close();
                return "";
              } catch (SQLException e) {
                return e.getSQLState();
              }
            },
            state -> state.startsWith("72"));
      }
      assertThat(one.isValid(10)).isTrue();
    }
  }

  @Test
  void aServerTakesItsLimitsAndNumbersThatComeAfterTheOthers() throws Exception {
    Path own = folder.resolve("serve.toml");
    String limits = "[resp]\nmax-connections = 1\ndatabases = [\"dns\"]\n";
    Files.writeString(own, limits);
    cluster.start(beside(NodeSpec.serve("serve", "edge"), own));
    cluster.awaitHealthy("serve");
    try (Socket one = resp()) {
      assertThat(ask(one, "SELECT 1")).startsWith("-ERR DB index is out of range");
      try (Socket refused = resp()) {
        assertThat(ask(refused, "PING")).startsWith("-ERR max number of clients");
      }
      Files.writeString(own, limits.replace("1\n", "2\n").replace("\"dns\"", "\"x\", \"dns\""));
      assertThat(reload().output())
          .contains(
              "resp.databases was not taken: a number would stand for another database",
              "serve: resp.max-connections was taken\n");
      try (Socket two = resp()) {
        assertThat(ask(two, "PING")).isEqualTo("+PONG");
      }
      Files.writeString(own, limits.replace("1\n", "2\n").replace("\"dns\"", "\"dns\", \"later\""));
      assertThat(reload().output()).contains("serve: resp.databases was taken\n");
      assertThat(ask(one, "SELECT 1")).startsWith("-ERR there is no database \"later\"");
    }
  }

  private Socket resp() throws IOException {
    return new Socket("127.0.0.1", cluster.port("serve", "resp"));
  }

  private static String ask(Socket socket, String command) throws IOException {
    socket.getOutputStream().write((command + "\r\n").getBytes(UTF_8));
    return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
  }
}

package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.ClusterException;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.postgres.SqlSession;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Processes that take the place of others on the same data directory (node.take-over). */
@EnabledOnOs(value = OS.LINUX, disabledReason = "sockets are handed over on Linux only")
final class TakeOverTest {
  @TempDir private Path folder;
  private Cluster cluster;
  private EmbeddedPostgres postgres;
  private Connection connection;
  private SqlSession session;

  @BeforeEach
  void start() throws Exception {
    postgres = EmbeddedPostgres.start();
    connection = postgres.connect();
    session = new SqlSession(connection);
    cluster = TestCluster.in(folder).usePostgres(CentralPostgres.of(postgres));
    cluster.start(NodeSpec.root("root").with(Settings.ROOT_WINDOW, "20ms"));
    cluster.start(NodeSpec.replica("edge", "root").with(Settings.REPLICATION_WINDOW, "20ms"));
    session.execute("SELECT quicksilver.create_database('dns')");
    cluster.awaitHealthy("edge");
    cluster.start(NodeSpec.serve("serve", "edge"));
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
    connection.close();
    postgres.close();
  }

  /** A client of the server that says lines and reads lines. */
  private static final class Client implements AutoCloseable {
    private final Socket socket;
    private final BufferedReader in;

    Client(int port) throws IOException {
      socket = new Socket("127.0.0.1", port);
      socket.setSoTimeout(60_000);
      in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
    }

    String call(String words) throws IOException {
      socket.getOutputStream().write((words + "\r\n").getBytes(StandardCharsets.UTF_8));
      String line = in.readLine();
      return line != null && line.startsWith("$") && !line.equals("$-1") ? in.readLine() : line;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private void set(String value) throws Exception {
    session.execute(
        "INSERT INTO dns VALUES ('key', '"
            + value
            + "') ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  }

  private static void awaitValue(Client client, String value) throws Exception {
    Await.until("the edge has it", () -> client.call("GET key"), value::equals);
  }

  @Test
  void compactDoesNothingToADatabaseWhoseNodeRuns() throws Exception {
    Ended refused = cluster.run("compact", "dns", "--data-directory=" + cluster.data("edge"));
    assertThat(refused.exitCode()).isEqualTo(ExitCode.FAILURE);
    assertThat(refused.output()).contains("the node of", "runs: stop it");
    assertThat(cluster.awaitHealthy("edge").role()).isEqualTo("replica");
    cluster.stop("serve");
    cluster.stop("edge");
    Ended done = cluster.run("compact", "dns", "--data-directory=" + cluster.data("edge"));
    assertThat(done.exitCode()).as(done.output()).isZero();
    cluster.restart("edge");
    cluster.awaitHealthy("edge");
  }

  @Test
  void clientsAndCopySurviveTheReplacementOfBothProcesses() throws Exception {
    try (Client client = new Client(cluster.port("serve", "resp"))) {
      assertThat(client.call("SELECT dns")).isEqualTo("+OK");
      for (int i = 0; i < 2; i++) {
        set("before-" + i);
        awaitValue(client, "before-" + i);
        ChildProcess replica = cluster.replace("edge");
        set("between-" + i);
        awaitValue(client, "between-" + i);
        ChildProcess server = cluster.replace("serve");
        set("after-" + i);
        awaitValue(client, "after-" + i);
        assertThat(cluster.awaitHealthy("serve").role()).isEqualTo("serve");
        assertThat(cluster.awaitHealthy("edge").role()).isEqualTo("replica");
        assertThat(replica.isAlive()).isTrue();
        assertThat(server.isAlive()).isTrue();
        try (Client other = new Client(cluster.port("serve", "resp"))) {
          assertThat(other.call("PING")).isEqualTo("+PONG");
        }
      }
      cluster.stop("serve");
      assertThat(cluster.data("edge").resolve("run/serve.json")).doesNotExist();
      assertThat(cluster.data("edge").resolve("run/serve.handover")).doesNotExist();
      assertThat(cluster.data("edge").resolve("run/serve.native")).doesNotExist();
    }
  }

  @Test
  void withoutBeingToldToNobodysPlaceIsTaken() throws Exception {
    ProcessHandle server = ProcessHandle.of(cluster.process("serve").pid()).orElseThrow();
    Ended ended =
        cluster.run(
            "serve", "--data-directory=" + cluster.data("edge"), "--resp-listen=127.0.0.1:0");
    assertThat(ended.exitCode()).isEqualTo(ExitCode.FAILURE);
    assertThat(ended.output()).contains("in use by another process", "--node-take-over=true");
    assertThat(server.isAlive()).isTrue();
  }

  @Test
  void whoCouldNotServeTakesNobodysPlace() throws Exception {
    ChildProcess server = cluster.process("serve");
    try (Client client = new Client(cluster.port("serve", "resp"));
        ServerSocket taken = new ServerSocket(0)) {
      assertThat(client.call("SELECT dns")).isEqualTo("+OK");
      String[][] wrong = {
        {"--http-listen=127.0.0.1:" + taken.getLocalPort(), "http.listen"},
        {"--http-listen=0.0.0.0:0", "http.tls-certificate"},
        {"--resp-listen=127.0.0.1:" + taken.getLocalPort(), "cannot listen"},
        {"--resp-unix-socket=" + folder.resolve("none/resp.sock"), "cannot listen"},
      };
      for (String[] each : wrong) {
        Ended ended =
            cluster.run(
                "serve",
                "--data-directory=" + cluster.data("edge"),
                "--node-take-over=true",
                each[0]);
        assertThat(ended.output()).contains(each[1]);
        assertThat(ended.exitCode()).isNotEqualTo(ExitCode.OK);
        assertThat(client.call("PING")).isEqualTo("+PONG");
      }
      assertThat(server.isAlive()).isTrue();
      assertThat(cluster.awaitHealthy("serve").role()).isEqualTo("serve");
      cluster.replace("serve");
      assertThat(client.call("PING")).isEqualTo("+PONG");
    }
  }

  /** All addresses, as Prometheus needs it, are written in another way than they are said. */
  @Test
  void whatListensToOthersIsReplacedToo() throws Exception {
    cluster.stop("serve");
    String others = "0.0.0.0:" + Ports.free();
    cluster.start(
        NodeSpec.serve("serve", "edge")
            .with(Settings.HTTP_LISTEN, others)
            .with(Settings.HTTP_INSECURE, "true"));
    ChildProcess server = cluster.replace("serve");
    assertThat(server.isAlive()).isTrue();
    try (Client client = new Client(cluster.port("serve", "resp"))) {
      assertThat(client.call("PING")).isEqualTo("+PONG");
    }
  }

  @Test
  void aReplicaLeavesIfItsSuccessorCouldListen() throws Exception {
    ChildProcess replica = cluster.process("edge");
    try (ServerSocket taken = new ServerSocket(0)) {
      for (String setting : new String[] {"replication-listen", "http-listen"}) {
        Ended ended =
            cluster.run(
                "replica",
                "--data-directory=" + cluster.data("edge"),
                "--replication-upstreams=" + cluster.address("root", "replication"),
                "--node-take-over=true",
                "--" + setting + "=127.0.0.1:" + taken.getLocalPort());
        assertThat(ended.output()).contains(setting.replace('-', '.'), "cannot listen");
        assertThat(ended.exitCode()).isEqualTo(ExitCode.FAILURE);
      }
    }
    assertThat(replica.isAlive()).isTrue();
    assertThat(cluster.awaitHealthy("edge").role()).isEqualTo("replica");
  }

  @Test
  void aReplicaTakesNoRootsPlace() throws Exception {
    ChildProcess root = cluster.process("root");
    ClusterException refused =
        catchThrowableOfType(
            ClusterException.class,
            () ->
                cluster.start(
                    NodeSpec.replica("other", "edge")
                        .onDataOf("root")
                        .with(Settings.NODE_TAKE_OVER, "true")));
    assertThat(refused).hasMessageContaining("a replica takes only a replica's place");
    assertThat(root.isAlive()).isTrue();
  }
}

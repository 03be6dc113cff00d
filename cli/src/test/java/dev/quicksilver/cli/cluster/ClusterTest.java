package dev.quicksilver.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What those who test and show Quicksilver rely on when they start and end its processes. */
@Execution(ExecutionMode.CONCURRENT)
final class ClusterTest {
  private static final ProcessOptions OPTIONS = ProcessOptions.heap(128);

  @TempDir private Path folder;

  private static Cluster in(Path folder) throws IOException {
    return Cluster.in(folder, OPTIONS).everywhere(Settings.DATA_MAP_SIZE, "1024");
  }

  /** A replica that starts and never finds its upstream. */
  private static NodeSpec lonely(String name) {
    return NodeSpec.replica(name).with(Settings.REPLICATION_UPSTREAMS, "127.0.0.1:1");
  }

  @Test
  void aDataDirectoryGoesFromNameToNameAndANameKeepsItsAddress() throws Exception {
    try (Cluster cluster = in(folder)) {
      EmbeddedPostgres postgres = cluster.embedPostgres();
      String first = cluster.address("first", "replication");
      cluster.start(NodeSpec.root("first").with(Settings.NODE_LOCATION, "here"));
      cluster.start(NodeSpec.replica("edge", "first"));
      try (Connection connection = postgres.connect()) {
        SqlSession session = new SqlSession(connection);
        session.execute("SELECT quicksilver.create_database('kv')");
        session.execute("INSERT INTO kv VALUES ('a', '1')");
        awaitSequence(cluster, "edge", 1);

        cluster.kill("first");
        session.execute("INSERT INTO kv VALUES ('b', '2')");
        cluster.restart("first");
        assertThat(cluster.status("first").addresses()).containsEntry("replication", first);
        assertThat(cluster.status("first").location()).isEqualTo("here");
        awaitSequence(cluster, "edge", 2);

        cluster.stop("first");
        cluster.copyData("first", "second");
        cluster.start(NodeSpec.root("second"));
        session.execute("INSERT INTO kv VALUES ('c', '3')");
        awaitSequence(cluster, "second", 3);

        cluster.stop("second");
        cluster.moveData("second", "third");
        assertThat(cluster.data("second")).doesNotExist();
        cluster.start(NodeSpec.root("fourth").onDataOf("third"));
        session.execute("INSERT INTO kv VALUES ('d', '4')");
        awaitSequence(cluster, "fourth", 4);
        assertThat(cluster.data("fourth")).doesNotExist();
      }
    }
  }

  private static void awaitSequence(Cluster cluster, String node, long sequence)
      throws InterruptedException {
    NodeStatus status =
        cluster.awaitStatus(
            node,
            "to have sequence " + sequence,
            said ->
                said.databases().stream()
                    .anyMatch(kv -> kv.name().equals("kv") && kv.sequence() == sequence));
    assertThat(status.node()).isEqualTo(node);
  }

  @Test
  void oneThatHangsGoesOnOrEnds() throws Exception {
    ChildProcess process;
    try (Cluster cluster = in(folder)) {
      process = cluster.start(lonely("edge"));
      Path state = Path.of("/proc/" + process.pid() + "/status");
      assumeTrue(Files.isReadable(state), "only Linux tells the state of a process");
      process.hang();
      Await.until("it hangs", () -> Files.readString(state), said -> said.contains("T (stopped)"));
      process.resume();
      assertThat(cluster.status("edge").pid()).isEqualTo(process.pid());
      process.hang();
      assertThat(process.isAlive()).isTrue();
    }
    assertThat(process.isAlive()).isFalse();
  }

  @Test
  void whoEndedByItselfIsNamedWithItsLog() throws Exception {
    try (Cluster cluster = in(folder)) {
      ChildProcess edge = cluster.start(lonely("edge"));
      NodeSpec taken = lonely("other").with(Settings.HTTP_LISTEN, cluster.address("edge", "http"));
      ClusterException refused =
          catchThrowableOfType(ClusterException.class, () -> cluster.start(taken));
      assertThat(refused.problem())
          .isEqualTo(
              "the process other ended with exit code "
                  + ExitCode.FAILURE
                  + " before it was ready");
      assertThat(refused.logs()).contains("other.log", "cannot listen on http.listen");
      assertThatThrownBy(() -> cluster.await("nothing", () -> false))
          .isInstanceOf(ClusterException.class)
          .hasMessageContaining("the process other has ended by itself");
      assertThat(edge.isAlive()).isTrue();
    }
  }

  @Test
  void whatRunsIsNeitherStartedTwiceNorCopied() throws Exception {
    try (Cluster cluster = in(folder)) {
      cluster.start(lonely("edge"));
      assertThatThrownBy(() -> cluster.launch(lonely("edge")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("edge runs");
      assertThatThrownBy(() -> cluster.copyData("edge", "copy"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("in use by edge");
      assertThat(cluster.data("copy")).doesNotExist();
      assertThatThrownBy(() -> lonely("logs")).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void passwordsDoNotShowAmongProcesses() {
    NodeSpec bridge =
        NodeSpec.bridge("bridge", "edge")
            .with(Settings.BRIDGE_PASSWORD, "secret")
            .with(Settings.BRIDGE_USER, "analyst");
    WrittenSettings written = WrittenSettings.of(bridge.settings());
    assertThat(written.flags()).containsExactly("--bridge-user=analyst");
    assertThat(written.variables()).containsEntry("QUICKSILVER_BRIDGE_PASSWORD", "secret");
  }

  @Test
  void aCommandEndsAndItsOutputIsItsOwn() throws Exception {
    Path temporary;
    try (Cluster cluster = Cluster.temporary(OPTIONS)) {
      temporary = cluster.folder();
      assertThat(cluster.run("version").exitCode()).isEqualTo(ExitCode.OK);
      Ended wrong = cluster.run("no-such-command");
      assertThat(wrong.exitCode()).isEqualTo(ExitCode.USAGE);
      assertThat(wrong.output()).contains("no-such-command");
    }
    assertThat(temporary).doesNotExist();
  }

  /** Starts a node, says which process that is, and waits. */
  public static void main(String[] arguments) throws Exception {
    Cluster cluster = in(Path.of(arguments[0]));
    System.out.println(cluster.start(lonely("edge")).pid());
    TimeUnit.HOURS.sleep(1);
    cluster.close();
  }

  @Test
  void whatIsStartedEndsWithWhoStartedIt() throws Exception {
    Process parent =
        JavaCommand.process(ClusterTest.class, List.of("-Xmx64m"), List.of(folder.toString()))
            .redirectError(folder.resolve("errors").toFile())
            .start();
    try (var output = parent.inputReader(StandardCharsets.US_ASCII)) {
      String line = output.readLine();
      assertThat(line).as(Files.readString(folder.resolve("errors"))).isNotNull();
      ProcessHandle child = ProcessHandle.of(Long.parseLong(line)).orElseThrow();
      parent.toHandle().destroyForcibly();
      child.onExit().get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(child.isAlive()).isFalse();
    } finally {
      parent.destroyForcibly();
    }
  }
}

package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyOut;

/** What becomes of evaluated statements and of the evaluator when the bridge's process ends. */
class BridgeEndTest {
  @TempDir private Path data;
  @TempDir private Path temporary;

  /** How the process ends. */
  enum End {
    SIGTERM,
    SIGKILL,
    /** After the evaluator's postmaster. */
    SIGKILL_OF_BOTH
  }

  private interface Work {
    void run(Connection connection) throws SQLException;
  }

  private static final List<Work> WORK =
      List.of(
          connection ->
              run(connection, "SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) s"),
          connection ->
              run(connection, "SELECT count(*) FROM dns a, dns b, dns c, dns d, dns e, dns f"),
          connection -> {
            CopyOut copy =
                connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyOut(
                        "COPY (SELECT repeat('x', 1000), generate_series(1, 1000000000)) TO"
                            + " STDOUT");
            byte[] row = copy.readFromCopy();
            while (row != null) {
              row = copy.readFromCopy();
            }
          },
          connection -> {
            run(connection, "CREATE TEMPORARY TABLE mine (line text)");
            CopyIn copy =
                connection.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY mine FROM STDIN");
            while (true) {
              copy.writeToCopy("line\n".getBytes(StandardCharsets.UTF_8), 0, 5);
              copy.flushCopy();
            }
          });

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String outcome(Connection connection, Work work) {
    try (connection) {
      work.run(connection);
      return "ended";
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }

  private List<String> left() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }

  @ParameterizedTest
  @EnumSource
  void leavesNoClientWaitingAndNothingOfTheEvaluator(End end) throws Exception {
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pairs.add(Map.entry("key" + i, new byte[] {'v'}));
    }
    TestReplica.write(data, "dns", "text", pairs);
    try (BridgeProcess bridge = BridgeProcess.start(data, temporary)) {
      List<CompletableFuture<String>> clients = new ArrayList<>();
      for (Work work : WORK) {
        Connection connection = bridge.connect();
        clients.add(
            CompletableFuture.supplyAsync(
                () -> outcome(connection, work), task -> Thread.ofVirtual().start(task)));
      }
      List<ProcessHandle> evaluator =
          Await.until(
              "it works for all",
              () -> bridge.process().descendants().toList(),
              processes -> processes.stream().filter(BridgeEndTest::isBusy).count() >= WORK.size());
      assertThat(left()).anyMatch(BridgeEndTest::ofEvaluator);

      if (end == End.SIGKILL_OF_BOTH) {
        Path folder =
            temporary.resolve(
                left().stream().filter(BridgeEndTest::ofEvaluator).findAny().orElseThrow());
        String pid = Files.readAllLines(folder.resolve("data/postmaster.pid")).getFirst();
        ProcessHandle.of(Long.parseLong(pid)).orElseThrow().destroyForcibly();
      }
      if (end == End.SIGTERM) {
        bridge.process().destroy();
      } else {
        bridge.process().destroyForcibly();
      }

      assertThat(bridge.process().waitFor(Duration.ofSeconds(20))).isTrue();
      for (CompletableFuture<String> client : clients) {
        assertThat(client.get(20, TimeUnit.SECONDS)).matches("(08|57|58|XX).*");
      }
      Await.until(
          "all processes are gone",
          () -> evaluator.stream().filter(ProcessHandle::isAlive).toList(),
          List::isEmpty);
      Await.until("its files are gone", this::left, List.of("bridge.txt")::equals);
    }
  }

  private static boolean ofEvaluator(String file) {
    return file.startsWith("quicksilver-postgres-");
  }

  private static boolean isBusy(ProcessHandle process) {
    try {
      String title = Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
      return title.contains("analyst") && !title.contains("idle");
    } catch (IOException e) {
      return false;
    }
  }
}

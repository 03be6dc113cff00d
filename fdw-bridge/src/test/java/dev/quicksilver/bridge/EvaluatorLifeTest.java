package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.bridge.evaluate.EvaluatorConfig.Start;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.postgres.EmbeddedPostgresException;
import dev.quicksilver.postgres.InstalledPostgres;
import dev.quicksilver.postgres.Ports;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the evaluator runs, which PostgreSQL it is, and what is left of it. */
class EvaluatorLifeTest {
  @TempDir private Path data;

  @BeforeEach
  void write() {
    TestReplica.write(
        data, "dns", "text", List.of(Map.entry("a", "1".getBytes(StandardCharsets.UTF_8))));
  }

  private Bridge start(EvaluatorConfig evaluator) throws Exception {
    return start(evaluator, 0);
  }

  private Bridge start(EvaluatorConfig evaluator, int port) throws Exception {
    return Bridge.start(TestReplica.config(port, data).withEvaluator(evaluator));
  }

  private static Connection connect(Bridge bridge) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/quicksilver?user=analyst");
  }

  private static String ask(Bridge bridge, String query) throws SQLException {
    try (Connection connection = connect(bridge)) {
      return ask(connection, query);
    }
  }

  private static String ask(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      result.next();
      return result.getString(1);
    }
  }

  /** How many PostgreSQL servers this process has started. */
  private static long servers() {
    return ProcessHandle.current()
        .descendants()
        .filter(child -> child.info().command().orElse("").endsWith("/bin/postgres"))
        .count();
  }

  @Test
  void seeksOnWithoutOne() throws Exception {
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT.withStart(Start.NONE))) {
      assertThat(ask(bridge, "SELECT key FROM dns WHERE key = 'a'")).isEqualTo("a");
      assertThatThrownBy(() -> ask(bridge, "SELECT upper(key) FROM dns"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("0A000"))
          .hasMessageContaining("bridge.evaluator.start");
      assertThat(bridge.evaluator(Rights.ALL).isRunning()).isFalse();
    }
  }

  @Test
  void startsItWithTheBridgeIfToldTo() throws Exception {
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT.withStart(Start.EAGER))) {
      assertThat(bridge.evaluator(Rights.ALL).isRunning()).isTrue();
      assertThat(ask(bridge, "SELECT upper(key) FROM dns")).isEqualTo("A");
    }
  }

  @Test
  void isOfTheVersionThatClientsAreTold() throws Exception {
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT)) {
      assertThat(ask(bridge, "SHOW server_version")).isEqualTo(bridge.serverVersion());
    }
  }

  @Test
  void isStartedAnewWithOtherLimitsOnceNoSessionUsesIt() throws Exception {
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT)) {
      try (Connection connection = connect(bridge)) {
        assertThat(ask(connection, "SHOW temp_file_limit")).isEqualTo("1GB");
        bridge.takeLimits(
            TestReplica.config(0, data)
                .withMaxConnections(7)
                .withEvaluator(
                    new EvaluatorConfig(
                        Start.NONE, // which is not taken
                        Optional.empty(),
                        Duration.ofMinutes(1),
                        256L << 20,
                        2L << 30)));
        assertThat(ask(connection, "SELECT upper(key) FROM dns")).isEqualTo("A");
        assertThat(ask(connection, "SELECT current_setting('temp_file_limit')")).isEqualTo("1GB");
      }
      Await.until(
          "the old one has stopped", () -> bridge.evaluator(Rights.ALL).isRunning(), runs -> !runs);
      assertThat(ask(bridge, "SELECT current_setting('temp_file_limit')")).isEqualTo("2GB");
      assertThat(ask(bridge, "SELECT current_setting('max_connections')")).isEqualTo("17");
    }
  }

  @Test
  void canBeAnInstalledOne() throws Exception {
    Optional<InstalledPostgres> installed = InstalledPostgres.find(15, 99);
    Assumptions.assumeTrue(
        installed.isPresent(), "no PostgreSQL 15 or newer is installed on this machine");
    var config =
        new EvaluatorConfig(
            Start.ON_DEMAND,
            installed.map(InstalledPostgres::home),
            Duration.ofMinutes(1),
            256L << 20,
            1L << 30);
    try (Bridge bridge = start(config)) {
      assertThat(ask(bridge, "SELECT upper(key) FROM dns")).isEqualTo("A");
      assertThat(ask(bridge, "SHOW server_version")).isEqualTo(bridge.serverVersion());
      assertThatThrownBy(() -> ask(bridge, "DELETE FROM dns WHERE false"))
          .hasMessageContaining("read-only");
    }
  }

  @Test
  void givesASnapshotBackThatIsTooOldBeforeItsEvaluatorHearsOfIt() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "looks at Linux's /proc");
    var clock = new AtomicLong();
    BridgeConfig config =
        TestReplica.config(0, data)
            .withEvaluator(EvaluatorConfig.DEFAULT)
            .withMaxSnapshotAge(Duration.ofSeconds(30));
    try (Bridge bridge = Bridge.start(config, clock::get);
        Connection connection = connect(bridge);
        ExecutorService analyst = Executors.newSingleThreadExecutor()) {
      assertThat(ask(connection, "SELECT upper(key) FROM dns")).isEqualTo("A");
      long before = bridge.status().rows();
      Future<String> slow =
          analyst.submit(() -> ask(connection, "SELECT upper(key), pg_sleep(600) FROM dns"));
      Await.until("it has its rows", bridge::status, status -> status.rows() > before);
      signal("STOP");
      try {
        clock.addAndGet(Duration.ofSeconds(31).toNanos());
        Await.until(
            "no snapshot is left", bridge::status, status -> status.oldestSnapshot().isZero());
        assertThat(slow).isNotDone();
      } finally {
        signal("CONT");
      }
      assertThatThrownBy(slow::get)
          .cause()
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("72000"));
      assertThat(ask(connection, "SELECT upper(key) FROM dns")).isEqualTo("A");
    }
  }

  @Test
  void givesWayAlsoWhereSessionsAreNice() throws Exception {
    Assumptions.assumeTrue(
        Files.exists(Path.of("/proc/self/autogroup")), "this system shares out by process");
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT);
        Connection connection = connect(bridge)) {
      String backend = ask(connection, "SELECT pg_backend_pid() + 0 * length(min(key)) FROM dns");
      Await.until(
          "the backend's session is nice",
          () -> Files.readString(Path.of("/proc/" + backend + "/autogroup")).strip(),
          autogroup -> autogroup.endsWith(" nice 5"));
    }
  }

  private static void signal(String name) throws Exception {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    ProcessHandle.current()
        .descendants()
        .filter(child -> child.info().command().orElse("").endsWith("/bin/postgres"))
        .forEach(child -> command.add(Long.toString(child.pid())));
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
  }

  @Test
  void boundsTheTemporaryTablesOfASession() throws Exception {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/self/fd")), "looks at Linux's /proc");
    var config =
        new EvaluatorConfig(
            Start.ON_DEMAND, Optional.empty(), Duration.ofMinutes(1), 256L << 20, 20L << 20);
    String fill = "SELECT repeat('x', 1000) AS x FROM (SELECT generate_series(1, 5000000)) AS n";
    try (Bridge bridge = start(config);
        Connection connection = connect(bridge);
        Statement statement = connection.createStatement()) {
      assertTooLarge(statement, "CREATE TEMP TABLE large AS " + fill);
      statement.execute("CREATE TEMP TABLE large (x text)");
      assertTooLarge(statement, "INSERT INTO large " + fill);
      assertThat(ask(connection, "SELECT count(*) FROM large")).isEqualTo("0");
      statement.execute("DROP TABLE large");
      statement.execute("CREATE TEMP TABLE small AS " + fill.replace("5000000", "5000"));
      assertThat(ask(connection, "SELECT count(*) FROM small")).isEqualTo("5000");
    }
  }

  private static void assertTooLarge(Statement statement, String sql) {
    assertThatThrownBy(() -> statement.execute(sql))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("53400"))
        .hasMessageContaining("bridge.evaluator.temporary-files (20 MiB)");
  }

  @Test
  void refusesADirectoryWithoutOne() {
    var config =
        new EvaluatorConfig(
            Start.ON_DEMAND, Optional.of(data), Duration.ofMinutes(1), 256L << 20, 1L << 30);
    assertThatThrownBy(() -> start(config).close())
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(data.toString());
  }

  @Test
  void refusesToStartWithABrokenOneAndLeavesThePort(@TempDir Path broken) throws Exception {
    Files.createDirectory(broken.resolve("bin"));
    for (String name : List.of("postgres", "initdb")) {
      Path program = broken.resolve("bin").resolve(name);
      Files.writeString(
          program,
          "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'postgres (PostgreSQL) 18.1'; exit; fi\n"
              + "echo it is broken\nexit 1\n");
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    int port = Ports.free();
    EvaluatorConfig defaults = EvaluatorConfig.DEFAULT;
    for (Path home : List.of(broken, data)) {
      var config =
          new EvaluatorConfig(
              Start.EAGER,
              Optional.of(home),
              defaults.idle(),
              defaults.memoryPerSession(),
              defaults.temporaryFiles());
      assertThatThrownBy(() -> start(config, port).close())
          .hasMessageContaining(
              home.equals(data) ? data.toString() : "the evaluator is not available")
          .hasMessageContaining(home.equals(data) ? "bin/postgres" : "it is broken");
    }
    try (Bridge bridge = start(defaults, port)) {
      assertThat(ask(bridge, "SELECT upper(key) FROM dns")).isEqualTo("A");
    }
  }

  @Test
  void namesTheFolderThatItCannotUse() throws Exception {
    Process process =
        JavaCommand.process(
                BridgeProcess.class,
                List.of("-Djava.io.tmpdir=/proc"),
                List.of(data.toString(), data.resolve("port").toString(), "eager"))
            .redirectErrorStream(true)
            .start();
    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("cannot make an embedded PostgreSQL in /proc")
        .contains("-Djava.io.tmpdir=FOLDER");
    assertThat(process.waitFor()).isEqualTo(1);
  }

  @Test
  void stopsWhenNobodyUsesItAndStartsAgain() throws Exception {
    var config =
        new EvaluatorConfig(
            Start.ON_DEMAND, Optional.empty(), Duration.ofMillis(100), 256L << 20, 1L << 30);
    try (Bridge bridge = start(config)) {
      assertThat(bridge.evaluator(Rights.ALL).isRunning()).isFalse();
      for (int time = 0; time < 2; time++) {
        assertThat(ask(bridge, "SELECT upper(key) FROM dns")).isEqualTo("A");
        Await.until("it has stopped", bridge.evaluator(Rights.ALL)::isRunning, running -> !running);
      }
    }
  }

  @Test
  void startsAnewAfterItWasKilledAndIsGoneWithTheBridge() throws Exception {
    long before = servers();
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT);
        Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/quicksilver?user=analyst");
        Statement statement = connection.createStatement()) {
      try (ResultSet result = statement.executeQuery("SELECT pg_backend_pid(), upper('x')")) {
        result.next();
        ProcessHandle backend = ProcessHandle.of(result.getLong(1)).orElseThrow();
        backend.destroyForcibly(); // PostgreSQL ends all others then, and starts again
      }
      try (ResultSet result = statement.executeQuery("SELECT key FROM dns")) {
        assertThat(result.next()).isTrue();
      }
      Await.until(
          "it evaluates again for the session that was hit",
          () -> {
            try {
              return ask(connection, "SELECT upper(key) FROM dns");
            } catch (SQLException e) {
              return e.getSQLState() + " " + e.getMessage();
            }
          },
          "A"::equals);
    }
    Await.until("all are gone", EvaluatorLifeTest::servers, now -> now <= before);
  }

  @Test
  void servesEverySessionAgainAfterItsPostmasterWasKilled() throws Exception {
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT);
        Connection idle = connect(bridge);
        Connection holding = connect(bridge);
        Statement held = holding.createStatement();
        Connection open = connect(bridge);
        Statement inBlock = open.createStatement()) {
      held.execute("CREATE TEMPORARY TABLE mine AS SELECT key FROM dns");
      open.setAutoCommit(false);
      ask(open, "SELECT upper(key) FROM dns");
      ProcessHandle backend =
          ProcessHandle.of(Long.parseLong(ask(idle, "SELECT pg_backend_pid()"))).orElseThrow();
      backend.parent().orElseThrow().destroyForcibly();

      assertThat(ask(bridge, "SELECT upper(key) FROM dns")).isEqualTo("A");
      Await.until("its backends are gone", backend::isAlive, alive -> !alive);
      assertThat(ask(idle, "SELECT upper(key) FROM dns")).isEqualTo("A");
      assertThatThrownBy(() -> held.executeQuery("SELECT key FROM mine"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P01"))
          .hasMessageContaining("which held its objects");
      assertThatThrownBy(() -> inBlock.executeQuery("SELECT upper(key) FROM dns"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("58000"));
      open.rollback();
      assertThat(ask(open, "SELECT upper(key) FROM dns")).isEqualTo("A");
    }
  }

  @Test
  void cancelsWhatAHangingOneWouldNotCancel() throws Exception {
    try (Bridge bridge = start(EvaluatorConfig.DEFAULT);
        Connection connection = connect(bridge);
        Statement statement = connection.createStatement()) {
      long backend = Long.parseLong(ask(connection, "SELECT pg_backend_pid()"));
      long postmaster = ProcessHandle.of(backend).orElseThrow().parent().orElseThrow().pid();
      assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(postmaster)).start().waitFor())
          .isZero();
      TestReplica.cancelOnceItRuns(bridge, statement);
      assertThatThrownBy(
              () ->
                  statement.execute(
                      "SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) s"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("58000"))
          .hasMessageContaining("did not end when it was cancelled");
      assertThat(ask(connection, "SELECT key FROM dns")).isEqualTo("a");
    }
  }
}

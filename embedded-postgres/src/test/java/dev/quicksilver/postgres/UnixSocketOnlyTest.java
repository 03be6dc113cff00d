package dev.quicksilver.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.UnixSocketRelay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.util.PSQLException;

/** A server that only its own process reaches, and what bounds it. */
final class UnixSocketOnlyTest {
  private static final long MEMORY = 256L << 20;
  private static final int NICENESS = 7;

  private static EmbeddedPostgres postgres;
  private static UnixSocketRelay relay;

  @BeforeAll
  static void start() throws IOException {
    postgres = builder().start();
    relay = new UnixSocketRelay(socketOf(postgres));
  }

  @AfterAll
  static void stop() throws IOException {
    relay.close();
    postgres.close();
  }

  private static EmbeddedPostgres.Builder builder() {
    return EmbeddedPostgres.builder()
        .unixSocketOnly()
        .withoutDurability()
        .superuser("evaluator")
        .niceness(NICENESS)
        .memoryPerProcess(MEMORY);
  }

  private static Path socketOf(EmbeddedPostgres server) {
    return server.socketDirectory().resolve(".s.PGSQL." + server.port());
  }

  private static Connection connect(UnixSocketRelay through) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + through.port() + "/postgres?user=evaluator");
  }

  @Test
  void hasNoWayInButASocketThatOthersCannotReach() throws Exception {
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(postgres.socketDirectory())))
        .isEqualTo("rwx------");
    assertThat(postgres.directory().resolve("password")).doesNotExist();
    try (Connection connection = connect(relay)) {
      SqlSession sql = new SqlSession(connection);
      assertThat(sql.query("SELECT inet_server_addr() IS NULL")).isEqualTo("t");
      sql.execute("ALTER SYSTEM SET listen_addresses = '127.0.0.1'");
      assertThat(sql.query("SELECT pg_reload_conf()")).isEqualTo("t");
    }
    postgres.restart();
    try (Connection connection = connect(relay)) {
      SqlSession sql = new SqlSession(connection);
      assertThat(sql.query("SHOW listen_addresses")).isEmpty();
      assertThat(
              sql.query(
                  "SELECT string_agg(auth_method, ' ' ORDER BY 1) FROM pg_hba_file_rules WHERE type"
                      + " = 'host'"))
          .matches("reject( reject)*");
    }
  }

  @Test
  void refusesAUrlAndNamesTheSocket() {
    assertThatThrownBy(postgres::jdbcUrl)
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(socketOf(postgres).toString())
        .hasMessageContaining("no TCP port");
    assertThatThrownBy(postgres::connect).isInstanceOf(EmbeddedPostgresException.class);
  }

  @Test
  void endsAStatementThatWantsTooMuchMemoryAndNothingElse() throws SQLException {
    try (Connection connection = connect(relay);
        Connection other = connect(relay)) {
      SqlSession sql = new SqlSession(connection);
      String postmaster = "SELECT pg_postmaster_start_time()::text";
      String started = sql.query(postmaster);
      assertThatThrownBy(() -> sql.query("SELECT length(repeat('x', 1000000000))"))
          .isInstanceOfSatisfying(
              PSQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("53200"));
      assertThat(sql.query("SELECT length(repeat('x', 10000000))")).isEqualTo("10000000");
      assertThat(sql.query(postmaster)).isEqualTo(started);
      assertThat(new SqlSession(other).query(postmaster)).isEqualTo(started);
    }
  }

  @Test
  void boundsAllItsProcessesSoftAndHardAndGivesWay() throws Exception {
    ProcessHandle postmaster = postmaster(postgres);
    assertThat(postmaster.children().count()).isPositive();
    try (Connection connection = connect(relay)) {
      String backend = new SqlSession(connection).query("SELECT pg_backend_pid()");
      for (String process : new String[] {Long.toString(postmaster.pid()), backend}) {
        assertThat(Files.readString(Path.of("/proc", process, "limits")))
            .containsPattern("Max data size +" + MEMORY + " +" + MEMORY + " ");
        assertThat(Files.readString(Path.of("/proc", process, "stat")).split(" ")[18])
            .isEqualTo(Integer.toString(NICENESS));
      }
    }
    Path session = Path.of("/proc", Long.toString(postmaster.pid()), "autogroup");
    if (Files.exists(session)) {
      assertThat(Files.readString(session)).contains(" nice " + NICENESS);
      assertThat(Files.readString(Path.of("/proc/self/autogroup")))
          .doesNotContain(" nice " + NICENESS);
    }
  }

  @Test
  void writesNothingForTheSakeOfACrash() throws SQLException {
    try (Connection connection = connect(relay)) {
      SqlSession sql = new SqlSession(connection);
      assertThat(
              sql.query(
                  "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings"
                      + " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit',"
                      + " 'wal_level', 'max_wal_senders', 'autovacuum')"))
          .isEqualTo(
              "autovacuum=off fsync=off full_page_writes=off max_wal_senders=0"
                  + " synchronous_commit=off wal_level=minimal");
      assertThat(sql.query("SELECT current_user || ' ' || rolsuper FROM pg_roles WHERE oid = 10"))
          .isEqualTo("evaluator true");
      assertThat(sql.query("SELECT 'Z' < 'a' AND lower('Ä') = 'ä'")).isEqualTo("t");
    }
  }

  @Test
  void stopsUnderStatementsThatRunAndTakesItsFilesAlong() throws Exception {
    EmbeddedPostgres busy = builder().start();
    Path directory = busy.directory();
    try (UnixSocketRelay through = new UnixSocketRelay(socketOf(busy));
        Connection asleep = connect(through);
        Connection counting = connect(through);
        Connection watching = connect(through)) {
      CompletableFuture<String> sleeps = outcome(asleep, "SELECT pg_sleep(3600)");
      CompletableFuture<String> counts =
          outcome(counting, "SELECT count(*) FROM generate_series(1, 1000000000000)");
      Await.until(
          "both statements run",
          () ->
              new SqlSession(watching)
                  .query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"),
          "3"::equals);
      ProcessHandle postmaster = postmaster(busy);

      busy.stop();

      assertThat(sleeps.get(1, TimeUnit.MINUTES)).isEqualTo("57P01");
      assertThat(counts.get(1, TimeUnit.MINUTES)).isEqualTo("57P01");
      assertThat(Files.readString(busy.log()))
          .contains("fast shutdown request", "database system is shut down");
      assertThat(postmaster.isAlive()).isFalse();
    } finally {
      busy.close();
    }
    assertThat(directory).doesNotExist();
  }

  @Test
  void leavesNothingWhenItsPostmasterIsKilledUnderStatementsThatRun() throws Exception {
    EmbeddedPostgres killed = builder().start();
    try (UnixSocketRelay through = new UnixSocketRelay(socketOf(killed));
        Connection counting = connect(through);
        Connection watching = connect(through)) {
      long backend =
          Long.parseLong(new SqlSession(counting).query("SELECT pg_backend_pid()::text"));
      CompletableFuture<String> counts =
          outcome(counting, "SELECT count(*) FROM generate_series(1, 1000000000000)");
      Await.until(
          "the statement runs",
          () ->
              new SqlSession(watching)
                  .query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"),
          "2"::equals);
      String segment = // "key id"
          Files.readAllLines(killed.directory().resolve("data/postmaster.pid")).get(6);
      Path segments = Path.of("/proc/sysvipc/shm"); // key and id are its first columns
      String row = segment.trim().replaceAll(" +", " +") + " ";
      assertThat(Files.readString(segments)).containsPattern(row);

      postmaster(killed).destroyForcibly();

      assertThat(counts.get(1, TimeUnit.MINUTES)).isEqualTo("08006");
      Await.until("it is gone", killed::isRunning, running -> !running);
      Await.until("its backend is gone", () -> ProcessHandle.of(backend), Optional::isEmpty);
      assertThat(killed.directory()).doesNotExist();
      assertThat(Files.readString(segments)).doesNotContainPattern(row);
    } finally {
      killed.close();
    }
  }

  @Test
  void endsAndTakesItsFilesAlongAlthoughItsPostmasterHangs() throws Exception {
    EmbeddedPostgres hanging = builder().start();
    long pid = postmaster(hanging).pid();
    assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(pid)).start().waitFor()).isZero();
    long from = System.nanoTime();

    hanging.close();

    assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(Duration.ofSeconds(45));
    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    assertThat(hanging.directory()).doesNotExist();
  }

  @Test
  void aDirectoryThatIsKeptMayHaveTcpAnotherTime(@TempDir Path kept) throws Exception {
    builder().directory(kept).start().close();
    try (EmbeddedPostgres open =
            EmbeddedPostgres.builder().directory(kept).superuser("evaluator").start();
        Connection connection = open.connect()) {
      assertThat(new SqlSession(connection).query("SHOW fsync")).isEqualTo("on");
    }
  }

  private static CompletableFuture<String> outcome(Connection connection, String statement) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return new SqlSession(connection).query(statement);
          } catch (SQLException e) {
            return e.getSQLState();
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  private static ProcessHandle postmaster(EmbeddedPostgres server) throws IOException {
    String pid = Files.readAllLines(server.directory().resolve("data/postmaster.pid")).getFirst();
    return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
  }
}

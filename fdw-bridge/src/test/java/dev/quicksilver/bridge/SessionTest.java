package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.storage.DatabaseDirectory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions of the PostgreSQL driver on the bridge itself. */
class SessionTest {
  @TempDir private Path data;
  private Bridge bridge;

  @BeforeEach
  void start() throws Exception {
    TestReplica.write(data, "dns", "text", List.of(pair("a", "1"), pair("b", "2"), pair("c", "3")));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterEach
  void stop() {
    bridge.close();
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private Connection connect() throws SQLException {
    return connect("");
  }

  private Connection connect(String options) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/quicksilver?user=analyst" + options);
  }

  private static List<String> rows(Connection connection, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
  }

  private static void assertState(String state, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            SQLException.class,
            e -> assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo(state));
  }

  @Test
  void answersPreparedStatements() throws SQLException {
    try (Connection connection = connect();
        var statement =
            connection.prepareStatement("SELECT value FROM dns WHERE key = ? AND sequence > ?")) {
      statement.setString(1, "b");
      statement.setLong(2, 1);
      try (ResultSet result = statement.executeQuery()) {
        assertThat(result.next()).isTrue();
        assertThat(result.getString(1)).isEqualTo("2");
        assertThat(result.next()).isFalse();
      }
    }
  }

  /** With a negative threshold the driver asks for binary results at once. */
  @Test
  void answersInBinaryAsInText() throws SQLException {
    String query =
        "SELECT key, value, sequence, updated_at, sequence > 1, sequence * 1.0500, -12345678.0001,"
            + " 0.00, 100000000::numeric, NULL::bigint, length(key), count(*) FROM dns GROUP BY 1,"
            + " 2, 3, 4 ORDER BY key";
    try (Connection binary = connect("&prepareThreshold=-1");
        Connection text = connect("&binaryTransfer=false")) {
      for (int execution = 0; execution < 2; execution++) {
        List<String> expected = new ArrayList<>();
        List<String> actual = new ArrayList<>();
        collect(text, query, expected);
        collect(binary, query, actual);
        assertThat(actual).isEqualTo(expected).hasSize(36);
      }
    }
  }

  private static void collect(Connection connection, String query, List<String> into)
      throws SQLException {
    try (var statement = connection.prepareStatement(query);
        ResultSet result = statement.executeQuery()) {
      while (result.next()) {
        for (int i = 1; i <= 12; i++) {
          into.add(i == 4 ? result.getTimestamp(i).toString() : result.getString(i));
        }
      }
    }
  }

  @Test
  void refusesWritesAndSaysWhere() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      assertState("25006", () -> statement.execute("INSERT INTO dns VALUES ('x', 'y')"));
      assertThatThrownBy(() -> statement.execute("DELETE FROM dns"))
          .hasMessageContaining("central PostgreSQL");
    }
  }

  @Test
  void refusesToReadADatabaseThatTheNodeWithholdsAndGoesOnWhenItIsServedAgain()
      throws SQLException {
    var directory = new DatabaseDirectory(data);
    try (Connection connection = connect()) {
      directory.withhold("dns", "it diverged from upstream relay-1");
      assertState("XX001", () -> rows(connection, "SELECT key FROM dns"));
      assertState("XX001", () -> rows(connection, "SELECT key FROM dns_log"));
      assertThatThrownBy(() -> rows(connection, "SELECT count(*) FROM dns"))
          .hasMessageContaining("is not served here: it diverged from upstream relay-1");
      assertThat(rows(connection, "SELECT name FROM databases")).containsExactly("dns");
      directory.serveAgain("dns");
      assertThat(rows(connection, "SELECT key FROM dns")).containsExactly("a", "b", "c");
    }
  }

  @Test
  void saysWhichCopyWasContradicted() throws SQLException {
    var directory = new DatabaseDirectory(data);
    String contradicted = "SELECT diverged FROM databases WHERE diverged IS NOT NULL";
    try (Connection connection = connect()) {
      assertThat(rows(connection, contradicted)).isEmpty();
      directory.diverged("dns", "it diverged from upstream relay-1");
      assertThat(rows(connection, contradicted))
          .containsExactly("it diverged from upstream relay-1");
      assertThat(rows(connection, "SELECT key FROM dns")).containsExactly("a", "b", "c");
      directory.follows("dns");
      assertThat(rows(connection, contradicted)).isEmpty();
    }
  }

  @Test
  void asksToRollBackAfterAnError() throws SQLException {
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      assertState("42P01", () -> rows(connection, "SELECT * FROM missing"));
      assertState("25P02", () -> rows(connection, "SELECT * FROM dns"));
      connection.rollback();
      assertThat(rows(connection, "SELECT key FROM dns WHERE key > 'b'")).containsExactly("c");
    }
  }

  @Test
  void takesBackASnapshotThatIsTooOld() throws Exception {
    var clock = new AtomicLong();
    try (Bridge impatient =
            Bridge.start(
                TestReplica.config(data).withMaxSnapshotAge(Duration.ofSeconds(30)), clock::get);
        Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + impatient.port() + "/quicksilver?user=analyst")) {
      connection.setAutoCommit(false);
      assertThat(rows(connection, "SELECT count(*) FROM dns")).containsExactly("3");
      clock.addAndGet(Duration.ofSeconds(31).toNanos());
      Await.until(
          "no snapshot is left", impatient::status, status -> status.oldestSnapshot().isZero());
      assertState("72000", () -> rows(connection, "SELECT count(*) FROM dns"));
      connection.rollback();
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(1);
        ResultSet portal = statement.executeQuery("SELECT key FROM dns");
        assertThat(portal.next()).isTrue();
        clock.addAndGet(Duration.ofSeconds(31).toNanos());
        Await.until(
            "no snapshot is left", impatient::status, status -> status.oldestSnapshot().isZero());
        assertState("72000", portal::next);
        connection.rollback();
        statement.execute("DECLARE c CURSOR FOR SELECT key FROM dns");
        clock.addAndGet(Duration.ofSeconds(31).toNanos());
        Await.until(
            "no snapshot is left", impatient::status, status -> status.oldestSnapshot().isZero());
        assertState("72000", () -> statement.execute("FETCH 1 FROM c"));
      }
    }
  }

  @Test
  void checksPasswords() throws Exception {
    BridgeConfig config =
        TestReplica.config(data).withCredentials(Credentials.ofPassword("analyst", "s3cret ü"));
    try (Bridge closed = Bridge.start(config)) {
      String url = "jdbc:postgresql://127.0.0.1:" + closed.port() + "/quicksilver";
      try (Connection connection = DriverManager.getConnection(url, "analyst", "s3cret ü")) {
        assertThat(rows(connection, "SELECT count(*) FROM dns")).containsExactly("3");
      }
      assertState("28P01", () -> DriverManager.getConnection(url, "analyst", "wrong").close());
      assertState("28P01", () -> DriverManager.getConnection(url, "other", "s3cret ü").close());
      assertThat(closed.status().errors()).containsEntry("28P01", 2L);
    }
  }

  @Test
  void seesDatabasesAppear() throws SQLException {
    try (Connection connection = connect()) {
      assertState("42P01", () -> rows(connection, "SELECT * FROM pages"));
      TestReplica.makeBeside(data, "pages");
      assertThat(rows(connection, "SELECT count(*) FROM pages")).containsExactly("0");
    }
  }

  @Test
  void stopsOnCancel() throws Exception {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      String join = "SELECT count(*) FROM dns a";
      for (int i = 0; i < 30; i++) {
        join += " CROSS JOIN dns b" + i;
      }
      String query = join + " WHERE a.sequence + b29.sequence < 0";
      TestReplica.cancelOnceItRuns(bridge, statement);
      assertState("57014", () -> statement.executeQuery(query));
      assertThat(rows(connection, "SELECT 1")).containsExactly("1");
    }
  }
}

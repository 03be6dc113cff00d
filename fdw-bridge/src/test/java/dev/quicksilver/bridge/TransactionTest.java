package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transactions on the bridge while the replica's own process writes to what they read. */
class TransactionTest {
  @TempDir private Path data;
  private Bridge bridge;

  @BeforeEach
  void start() throws Exception {
    TestReplica.write(data, "dns", "text", List.of(pair("a", "1"), pair("b", "2")));
    TestReplica.write(data, "pages", "text", List.of(pair("p", "1")));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterEach
  void stop() {
    bridge.close();
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private Connection connect(String options) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/quicksilver?user=analyst" + options);
  }

  private Connection transaction() throws SQLException {
    Connection connection = connect("");
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    connection.setAutoCommit(false);
    return connection;
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

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void seesOneMomentOfADatabaseThatIsWrittenTo() throws Exception {
    try (Connection reader = transaction();
        Connection other = connect("")) {
      assertThat(rows(reader, "SELECT value FROM dns ORDER BY key")).containsExactly("1", "2");
      ReplicaProcess.run(data, "set", "dns", "a", "new", "c", "3");
      assertThat(rows(other, "SELECT value FROM dns ORDER BY key"))
          .containsExactly("new", "2", "3");
      assertThat(rows(reader, "SELECT value FROM dns ORDER BY key")).containsExactly("1", "2");
      assertThat(rows(reader, "SELECT count(*) FROM dns")).containsExactly("2");
      assertThat(rows(reader, "SELECT count(*) FROM dns_log")).containsExactly("2");
      assertThat(rows(reader, "SELECT last_sequence FROM databases WHERE name = 'dns'"))
          .containsExactly("2");
      reader.commit();
      assertThat(rows(reader, "SELECT value FROM dns ORDER BY key"))
          .containsExactly("new", "2", "3");
    }
  }

  @Test
  void readsOnInADatabaseThatIsDroppedAndMadeAgain() throws Exception {
    try (Connection reader = transaction();
        Connection other = connect("")) {
      assertThat(rows(reader, "SELECT key FROM dns")).containsExactly("a", "b");
      ReplicaProcess.run(data, "drop", "dns");
      assertThatThrownBy(() -> rows(other, "SELECT key FROM dns"))
          .hasMessageContaining("does not exist");
      ReplicaProcess.run(data, "set", "dns", "x", "9");
      assertThat(rows(other, "SELECT key FROM dns")).containsExactly("x");
      assertThat(rows(reader, "SELECT key FROM dns")).containsExactly("a", "b");
      reader.rollback();
      assertThat(rows(reader, "SELECT key FROM dns")).containsExactly("x");
    }
  }

  @Test
  void listsTablesWithoutKeepingSnapshots() throws Exception {
    try (Connection reader = transaction()) {
      assertThat(rows(reader, "SELECT relname FROM pg_class WHERE relkind = 'r' ORDER BY 1"))
          .contains("dns", "dns_log");
      ReplicaProcess.run(data, "set", "dns", "c", "3");
      assertThat(rows(reader, "SELECT count(*) FROM dns")).containsExactly("3");
    }
  }

  @Test
  void closesTheCursorsThatASavepointUndoes() throws Exception {
    try (Connection connection = transaction()) {
      run(connection, "DECLARE outside CURSOR FOR SELECT key FROM dns");
      run(connection, "SAVEPOINT s");
      run(connection, "DECLARE inside CURSOR FOR SELECT key FROM dns");
      run(connection, "SAVEPOINT t");
      run(connection, "DECLARE released CURSOR FOR SELECT key FROM dns");
      run(connection, "RELEASE SAVEPOINT t");
      run(connection, "ROLLBACK TO SAVEPOINT s");
      assertThat(rows(connection, "FETCH 1 FROM outside")).containsExactly("a");
      for (String gone : List.of("inside", "released")) {
        assertThatThrownBy(() -> rows(connection, "FETCH 1 FROM " + gone))
            .isInstanceOfSatisfying(
                SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("34000"));
        run(connection, "ROLLBACK TO SAVEPOINT s");
      }
      assertThat(rows(connection, "FETCH 1 FROM outside")).containsExactly("b");
    }
  }

  @Test
  void cancelsAQueryThatWaitsForItsTurn() throws Exception {
    var taken = new CountDownLatch(bridge.config().maxConcurrentQueries());
    var release = new CountDownLatch(1);
    for (int i = 0; i < bridge.config().maxConcurrentQueries(); i++) {
      Thread.startVirtualThread(() -> occupy(taken, release));
    }
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      assertThat(taken.await(2, TimeUnit.MINUTES)).isTrue();
      TestReplica.cancelOnceItRuns(bridge, statement);
      assertThatThrownBy(() -> statement.executeQuery("SELECT upper(key) FROM dns"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    } finally {
      release.countDown();
    }
  }

  private void occupy(CountDownLatch taken, CountDownLatch release) {
    try (var _ = bridge.turns().take(() -> null)) {
      taken.countDown();
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

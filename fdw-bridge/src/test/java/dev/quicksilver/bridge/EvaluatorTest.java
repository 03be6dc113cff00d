package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.fixtures.Await;
import java.io.StringReader;
import java.io.StringWriter;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** Statements that the bridge has evaluated: one session, one snapshot, whichever way they go. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EvaluatorTest {
  private Path data;
  private Bridge bridge;
  private Connection connection;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    this.data = data;
    TestReplica.write(data, "dns", "text", List.of(pair("a", "1"), pair("b", "2"), pair("c", "3")));
    TestReplica.write(data, "pages", "jsonb", List.of(pair("p", "{\"n\": 1}")));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterAll
  void stop() {
    bridge.close();
  }

  @BeforeEach
  void open() throws SQLException {
    connection = connect();
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/quicksilver?user=analyst");
  }

  private List<String> rows(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          row.add(result.getString(i));
        }
        rows.add(String.join("|", row));
      }
    }
    return rows;
  }

  private void run(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void assertState(String state, String sql) {
    assertThatThrownBy(() -> run(sql))
        .as(sql)
        .isInstanceOfSatisfying(
            SQLException.class,
            e -> assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo(state));
  }

  @Test
  void answersWhatTheBridgeCannot() throws SQLException {
    assertThat(rows("SELECT string_agg(key || value, ',' ORDER BY key DESC) FROM dns"))
        .containsExactly("c3,b2,a1");
    assertThat(rows("SELECT key FROM dns WHERE key ~ '[[-a]'")).containsExactly("a");
    assertThat(rows("SELECT a.key, b.value FROM dns a JOIN dns b ON b.sequence = a.sequence + 1"))
        .containsExactlyInAnyOrder("a|2", "b|3");
    assertThat(rows("SELECT value ->> 'n' FROM pages WHERE value @> '{\"n\": 1}'"))
        .containsExactly("1");
    assertThat(rows("SELECT rank() OVER (ORDER BY key DESC) FROM dns WHERE key < 'c' LIMIT 1"))
        .containsExactly("1");
    assertThat(rows("SELECT count(*) FROM dns_log l JOIN dns USING (key)")).containsExactly("3");
    assertThat(
            rows(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3)"
                    + " SELECT sum(i) FROM n"))
        .containsExactly("6");
  }

  /** Rows that the bridge gave to anybody, its evaluator included. */
  private long rowsRead(String query) throws SQLException {
    long before = bridge.status().rows();
    rows(query);
    return bridge.status().rows() - before;
  }

  @Test
  void givesTheEvaluatorOnlyTheRowsThatCanMatter() throws SQLException {
    assertThat(rowsRead("SELECT upper(key) FROM dns WHERE key = 'a'")).isEqualTo(1);
    assertThat(rowsRead("SELECT upper(key) FROM dns")).isEqualTo(3);
    assertThat(
            rowsRead(
                "SELECT upper(d.key), p.key FROM dns d LEFT JOIN pages p ON p.key = d.key"
                    + " WHERE d.key IN ('a', 'b')"))
        .isEqualTo(2);
    assertThat(rowsRead("SELECT key FROM dns WHERE (key, sequence) >= ('c', 1)")).isEqualTo(1);
  }

  @Test
  void evaluatesOverTheSnapshotOfTheTransaction() throws Exception {
    TestReplica.makeBeside(data, "moving");
    connection.setAutoCommit(false);
    assertThat(rows("SELECT count(*) FROM moving")).containsExactly("0");
    ReplicaProcess.run(data, "set", "moving", "k", "v");
    assertThat(rows("SELECT max(upper(key)) FROM moving")).containsExactly("null");
    connection.commit();
    assertThat(rows("SELECT max(upper(key)) FROM moving")).containsExactly("K");
    connection.commit();
    connection.setAutoCommit(true);
    ReplicaProcess.run(data, "drop", "moving");
    assertState("42P01", "SELECT upper(key) FROM moving");
  }

  @Test
  void isOneSessionForSettingsAndTransactions() throws SQLException {
    run("SET TIME ZONE 'Europe/Berlin'");
    assertThat(rows("SELECT updated_at FROM dns WHERE key = 'a'").getFirst()).endsWith("+01");
    assertThat(rows("SELECT max(updated_at) FROM dns").getFirst()).endsWith("+01");
    connection.setAutoCommit(false);
    run("SAVEPOINT s");
    run("SET TIME ZONE 'Asia/Tokyo'");
    assertThat(rows("SELECT max(updated_at) FROM dns").getFirst()).endsWith("+09");
    assertState("42883", "SELECT no_such_function(key) FROM dns");
    assertState("25P02", "SELECT key FROM dns");
    run("ROLLBACK TO SAVEPOINT s");
    assertThat(rows("SELECT updated_at FROM dns WHERE key = 'a'").getFirst()).endsWith("+01");
    assertThat(rows("SELECT current_setting('TimeZone')")).containsExactly("Europe/Berlin");
    connection.rollback();
    assertThat(rows("SELECT current_setting('TimeZone')")).containsExactly("Europe/Berlin");
    connection.rollback();
    connection.setAutoCommit(true);
    assertThat(rows("SELECT set_config('TimeZone', 'Asia/Tokyo', false)"))
        .containsExactly("Asia/Tokyo");
    assertThat(rows("SELECT updated_at FROM dns WHERE key = 'a'").getFirst()).endsWith("+09");
    run("SET bytea_output = 'escape'");
    assertThat(rows("SELECT 'x'::bytea")).containsExactly("x");
    run("RESET ALL");
    assertThat(rows("SELECT 'x'::bytea")).containsExactly("\\x78");
  }

  @Test
  void keepsCursorsOfBothWaysInOneTransaction() throws SQLException {
    connection.setAutoCommit(false);
    run("DECLARE seeking CURSOR FOR SELECT key FROM dns");
    run("DECLARE evaluated SCROLL CURSOR FOR SELECT upper(key) FROM dns WHERE key > 'a'");
    assertThat(rows("FETCH 1 FROM seeking")).containsExactly("a");
    assertThat(rows("FETCH 1 FROM evaluated")).containsExactly("B");
    assertThat(rows("FETCH 1 FROM seeking")).containsExactly("b");
    assertThat(rows("FETCH ALL FROM evaluated")).containsExactly("C");
    assertThat(rows("FETCH BACKWARD 1 FROM evaluated")).containsExactly("C");
    run("CLOSE seeking");
    run("CLOSE evaluated");
    assertState("34000", "FETCH 1 FROM evaluated");
    connection.rollback();
  }

  @Test
  void keepsAnEvaluatedCursorThatFirstFetchedInWhatIsUndone() throws SQLException {
    connection.setAutoCommit(false);
    run("DECLARE evaluated CURSOR FOR SELECT upper(key) FROM dns");
    run("SAVEPOINT s");
    assertThat(rows("FETCH 1 FROM evaluated")).containsExactly("A");
    run("ROLLBACK TO SAVEPOINT s");
    assertThat(rows("FETCH ALL FROM evaluated")).containsExactly("B", "C");
    connection.rollback();
  }

  @Test
  void readsALargeResultInPieces() throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(100);
      long sum = 0;
      try (ResultSet result = statement.executeQuery("SELECT g FROM generate_series(1, 1000) g")) {
        while (result.next()) {
          sum += result.getLong(1);
        }
      }
      assertThat(sum).isEqualTo(500_500);
    }
    connection.rollback();
  }

  @Test
  void bindsParametersOfEvaluatedStatements() throws SQLException {
    try (var statement =
        connection.prepareStatement(
            "SELECT upper(key), ?::int + 1 FROM dns WHERE key = ANY (?) AND lower(value) = ?")) {
      for (int execution = 0; execution < 8; execution++) { // pgjdbc changes to a named statement
        statement.setInt(1, execution);
        statement.setArray(2, connection.createArrayOf("text", new Object[] {"a", "b"}));
        statement.setString(3, "2");
        try (ResultSet result = statement.executeQuery()) {
          assertThat(result.next()).isTrue();
          assertThat(result.getString(1)).isEqualTo("B");
          assertThat(result.getInt(2)).isEqualTo(execution + 1);
          assertThat(result.next()).isFalse();
        }
      }
    }
  }

  @Test
  void hasTemporaryTablesThatHideOurs() throws SQLException {
    run("CREATE TEMP TABLE mine AS SELECT key FROM dns WHERE key < 'c'");
    run("INSERT INTO mine VALUES ('z')");
    assertThat(rows("SELECT count(*) FROM mine")).containsExactly("3");
    run("CREATE TEMP TABLE dns AS SELECT 'mine' AS key");
    assertThat(rows("SELECT key FROM dns")).containsExactly("mine");
    assertThat(rows("SELECT key FROM public.dns")).containsExactly("a", "b", "c");
    assertThat(rows("SELECT min(key) FROM public.dns")).containsExactly("a");
    run("DISCARD ALL");
    assertThat(rows("SELECT key FROM dns")).containsExactly("a", "b", "c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "INSERT INTO dns VALUES ('x', 'y')",
        "UPDATE dns SET value = 'x' WHERE false",
        "DELETE FROM public.dns",
        "DELETE FROM dns RETURNING key",
        "WITH gone AS (DELETE FROM dns RETURNING key) SELECT * FROM gone",
        "INSERT INTO dns VALUES ('x', 'y') ON CONFLICT DO NOTHING",
        "MERGE INTO dns USING (SELECT 'a' AS k) s ON s.k = key WHEN MATCHED THEN DELETE",
        "TRUNCATE dns",
        "COPY dns FROM STDIN",
        "DO $$ BEGIN UPDATE dns SET value = 'x'; END $$",
        "DO $$ BEGIN EXECUTE 'DELETE FROM dns'; END $$",
        "DO $$ BEGIN INSERT INTO dns VALUES ('x'); END $$",
        "CREATE TABLE made (a int)",
        "DROP TABLE dns",
        "ALTER TABLE dns ADD COLUMN a int",
        "CREATE INDEX ON dns (key)",
        "CREATE SCHEMA mine",
      })
  void refusesWritesWhereverTheyHide(String write) throws SQLException {
    assertState("25006", write);
    assertThat(rows("SELECT count(*), max(lower(key)) FROM dns")).containsExactly("3|c");
  }

  @Test
  void showsDatabasesAsTables() throws SQLException {
    try (ResultSet tables =
        connection.getMetaData().getTables(null, "public", "%", new String[] {"TABLE"})) {
      List<String> names = new ArrayList<>();
      while (tables.next()) {
        names.add(tables.getString("TABLE_NAME"));
      }
      assertThat(names).contains("dns", "dns_log", "pages", "pages_log", "databases");
    }
    try (ResultSet columns = connection.getMetaData().getColumns(null, "public", "dns", "%")) {
      List<String> found = new ArrayList<>();
      while (columns.next()) {
        found.add(columns.getString("COLUMN_NAME") + " " + columns.getString("TYPE_NAME"));
      }
      assertThat(found)
          .containsExactly(
              "key text",
              "value \"quicksilver\".\"value_text\"",
              "sequence int8",
              "updated_at timestamptz");
    }
    assertThat(connection.getTransactionIsolation())
        .isEqualTo(Connection.TRANSACTION_REPEATABLE_READ);
  }

  @Test
  void tellsErrorsAsPostgresDoes() {
    assertThatThrownBy(() -> run("SELECT 1; SELECT nonsense FROM dns"))
        .isInstanceOfSatisfying(
            org.postgresql.util.PSQLException.class,
            e -> {
              assertThat(e.getSQLState()).isEqualTo("42703");
              assertThat(e.getServerErrorMessage()).isNotNull();
            });
    assertState("22P02", "SELECT key FROM dns WHERE sequence = 'x'");
    assertState("42601", "SELEC 1");
    assertState("22012", "SELECT 1 / (sequence - 2) FROM dns");
    assertState("53200", "SELECT length(repeat('x', 1000000000))");
    assertState("57014", "SET statement_timeout = 100; SELECT pg_sleep(100)");
  }

  @Test
  void copiesOut() throws Exception {
    var copied = new StringWriter();
    connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyOut("COPY dns (key, value) TO STDOUT", copied);
    assertThat(copied.toString()).isEqualTo("a\t1\nb\t2\nc\t3\n");
    run("CREATE TEMP TABLE mine (key text)");
    connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn("COPY mine FROM STDIN", new StringReader("x\ny\n"));
    assertThat(rows("SELECT count(*) FROM mine")).containsExactly("2");
  }

  @Test
  void endsWhatIsEvaluatedOnCancelAndWhenTheClientLeaves() throws Exception {
    try (Statement statement = connection.createStatement()) {
      TestReplica.cancelOnceItRuns(bridge, statement);
      assertThatThrownBy(
              () -> statement.executeQuery("SELECT count(*) FROM generate_series(1, 100000000000)"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    }
    Connection leaving = connect();
    Thread.ofVirtual()
        .start(
            () -> {
              try (Statement statement = leaving.createStatement()) {
                statement.executeQuery("SELECT pg_sleep(3600), 'who left'");
              } catch (SQLException e) {
                // It left.
              }
            });
    String running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%who' || ' left%'";
    Await.until("it runs", () -> rows(running).getFirst(), "1"::equals);
    leaving.abort(Runnable::run);
    Await.until("it has ended", () -> rows(running).getFirst(), "0"::equals);
  }

  @Test
  void aChainedTransactionIsANewOne() throws Exception {
    TestReplica.makeBeside(data, "chained");
    run("BEGIN ISOLATION LEVEL REPEATABLE READ; SAVEPOINT s");
    assertThat(rows("SELECT count(*) FROM chained")).containsExactly("0");
    ReplicaProcess.run(data, "set", "chained", "k", "v");
    assertThat(rows("SELECT count(*) FROM chained")).containsExactly("0");
    run("COMMIT AND CHAIN");
    assertThat(rows("SELECT count(*) FROM chained")).containsExactly("1");
    assertState("3B001", "ROLLBACK TO s");
    run("COMMIT AND CHAIN"); // of a transaction that failed: nothing is committed
    run("SET LOCAL TIME ZONE 'Asia/Tokyo'");
    assertThat(rows("SELECT upper(key) FROM chained")).containsExactly("K");
    ReplicaProcess.run(data, "set", "chained", "l", "v");
    run("ROLLBACK AND CHAIN");
    assertThat(rows("SELECT upper(key) FROM chained")).containsExactly("K", "L");
    assertThat(rows("SHOW transaction_isolation")).containsExactly("repeatable read");
    assertThat(rows("SHOW TimeZone")).isNotEqualTo(List.of("Asia/Tokyo"));
    run("COMMIT");
    assertState("25P01", "COMMIT AND CHAIN");
    assertState("25P01", "SELECT 1; ROLLBACK AND CHAIN");
  }
}

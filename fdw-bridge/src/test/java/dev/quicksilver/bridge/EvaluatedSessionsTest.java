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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What evaluated statements leave behind in a session, as PostgreSQL leaves it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EvaluatedSessionsTest {
  private Bridge bridge;
  private Connection connection;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    TestReplica.write(data, "dns", "text", List.of(pair("a", "1"), pair("b", "2"), pair("c", "3")));
    TestReplica.write(data, "blobs", "bytea", List.of(pair("one", "\u0001"), pair("two", "\\x")));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterAll
  void stop() {
    bridge.close();
  }

  @BeforeEach
  void open() throws SQLException {
    connection =
        DriverManager.getConnection(
            "jdbc:postgresql://127.0.0.1:"
                + bridge.port()
                + "/quicksilver?user=analyst&preferQueryMode=simple");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> rows(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
  }

  private void run(String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
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
  void keepsSettingsThatWereMadeBeforeATransactionThatIsRolledBack() throws SQLException {
    for (int round = 0; round < 2; round++) { // first with a new connection, then with an old one
      run(
          "SET search_path = pg_catalog",
          "SET application_name = 'mine " + round + "'",
          "BEGIN",
          "SELECT count(*) + 1 FROM public.dns",
          "ROLLBACK");
      assertThat(rows("SHOW search_path")).containsExactly("pg_catalog");
      assertThat(rows("SHOW application_name")).containsExactly("mine " + round);
      assertState("42P01", "SELECT key FROM dns");
    }
  }

  @Test
  void rollsBackTheSettingsOfAMessageThatFails() throws SQLException {
    for (String failing : List.of("SELECT 1 / 0", "FETCH FROM nothing")) {
      for (String first : List.of("SELECT 1", "SELECT key FROM dns")) {
        assertThatThrownBy(
                () -> run(first + "; SET search_path = pg_catalog; SET timezone = UTC; " + failing))
            .isInstanceOf(SQLException.class);
        assertThat(rows("SHOW search_path")).containsExactly("\"$user\", public");
        assertThat(rows("SELECT key FROM dns WHERE key = 'a'")).containsExactly("a");
      }
    }
    run("SET search_path = pg_catalog; BEGIN; SELECT 1; SET timezone = UTC; ROLLBACK; SELECT 1");
    assertThat(rows("SHOW search_path")).containsExactly("\"$user\", public");
    run("SELECT 1; SET search_path = pg_catalog; COMMIT; SET search_path = public; ROLLBACK");
    assertThat(rows("SHOW search_path")).containsExactly("pg_catalog");
    assertState("25001", "SELECT key FROM public.dns; DISCARD ALL");
  }

  @Test
  void keepsItsSettingsAfterARollbackOfNothing() throws SQLException {
    run("SET statement_timeout = 20000", "ROLLBACK");
    long before = bridge.status().queries();
    assertThat(rows("SELECT value FROM blobs WHERE key = 'one'")).containsExactly("\\x01");
    assertThat(bridge.status().queries() - before).as("statements for a seek").isEqualTo(1);
    assertThat(rows("SHOW statement_timeout")).containsExactly("20s");
  }

  @Test
  void forgetsATimeoutOfATransaction() throws SQLException {
    run("BEGIN", "SET LOCAL statement_timeout = '300ms'", "COMMIT");
    run("SELECT pg_sleep(0.5)");
    run("SET LOCAL statement_timeout = '300ms'; SELECT 1");
    run("SELECT pg_sleep(0.5)");
  }

  @Test
  void seesTablesThatHideItsOwn() throws SQLException {
    run("EXPLAIN ANALYZE CREATE TEMP TABLE dns AS SELECT 'mine'::text AS key");
    assertThat(rows("SELECT key FROM dns")).containsExactly("mine");
    run("DISCARD ALL");
    assertState(
        "P0001",
        "DO $$ BEGIN CREATE TEMP TABLE dns AS SELECT 'mine'::text AS key; COMMIT;"
            + " RAISE EXCEPTION 'no'; END $$");
    assertThat(rows("SELECT key FROM dns")).containsExactly("mine");
  }

  @Test
  void seesWhatFunctionsOfTheSessionHaveSet() throws SQLException {
    run(
        "CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql AS"
            + " $$ BEGIN SET bytea_output = escape; END $$");
    run("SELECT pg_temp.f()");
    assertThat(rows("SELECT value::text FROM public.blobs WHERE key = 'one'"))
        .containsExactly("\\001");
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery("SELECT value FROM public.blobs WHERE key = 'two'")) {
      assertThat(result.next()).isTrue();
      assertThat(result.getString(1)).isEqualTo("\\\\x");
    }
  }

  @Test
  void takesAStringInASearchPathForOneSchema() throws SQLException {
    for (String path : List.of("'$user,public'", "'\"$user\", public'", "' public'", "'Public'")) {
      run("SET search_path = " + path);
      assertState("42P01", "SELECT key FROM dns");
    }
    for (String path : List.of("'public'", "'$user', 'public'", "\"$user\", public", "PUBLIC")) {
      run("SET search_path = " + path);
      assertThat(rows("SELECT key FROM dns WHERE key = 'a'")).containsExactly("a");
    }
  }

  @Test
  void narrowsNoCursorForOneThatHadItsName() throws SQLException {
    String narrow =
        "DECLARE c CURSOR FOR SELECT a.key FROM dns a JOIN dns b ON a.key = b.key WHERE a.key ="
            + " 'a'";
    run("BEGIN", "SAVEPOINT s", narrow, "ROLLBACK TO s");
    run("DECLARE c SCROLL CURSOR FOR SELECT upper(key) FROM dns ORDER BY key");
    assertThat(rows("FETCH ALL FROM c")).containsExactly("A", "B", "C");
    run("COMMIT", "BEGIN", narrow);
    run(
        "DO $$ DECLARE c refcursor := 'c'; BEGIN CLOSE c;"
            + " OPEN c FOR SELECT upper(key) FROM dns ORDER BY key; END $$");
    assertThat(rows("FETCH ALL FROM c")).containsExactly("A", "B", "C");
    run("COMMIT");
  }

  @Test
  void refusesEveryWriteAlsoInASessionWithTemporaryTables() throws SQLException {
    run("CREATE TEMP TABLE mine (key text, value text)");
    for (String write :
        List.of(
            "INSERT INTO dns VALUES ('a', 'b') ON CONFLICT DO NOTHING",
            "INSERT INTO dns VALUES ('a', 'b') RETURNING key",
            "WITH x AS (DELETE FROM dns RETURNING *) SELECT count(*) FROM x",
            "UPDATE dns SET value = 'x' RETURNING value",
            "MERGE INTO dns USING mine ON mine.key = dns.key WHEN MATCHED THEN DELETE",
            "DO $$ DECLARE k text; BEGIN DELETE FROM dns RETURNING key INTO k; END $$",
            "ALTER ROLE analyst SET timezone = 'Asia/Tokyo'",
            "ALTER USER CURRENT_USER SET work_mem = '1GB'")) {
      assertState("25006", write);
    }
    run("INSERT INTO mine VALUES ('k', 'v') RETURNING key", "DELETE FROM mine RETURNING *");
  }
}

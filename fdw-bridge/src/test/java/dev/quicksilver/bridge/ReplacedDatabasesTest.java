package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.fixtures.Await;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A database is replaced by one of its name with other types, while sessions work with it. The four
 * characters of its key are one byte in the input of bytea.
 */
class ReplacedDatabasesTest {
  private static final String QUESTION = "SELECT pg_typeof(key), length(key), key, value FROM dns";
  private static final String AS_TEXT = "text|4|\\x61|one";
  private static final String AS_BYTEA = "bytea|4|\\x5c783631|\\x6f6e65";

  @TempDir private Path data;
  private Bridge bridge;
  private Connection reading;
  private Connection other;

  @BeforeEach
  void start() throws Exception {
    replace("text");
    TestReplica.makeBeside(data, "empty");
    bridge = Bridge.start(TestReplica.config(data));
    reading = connect();
    other = connect();
  }

  @AfterEach
  void stop() throws SQLException {
    reading.close();
    other.close();
    bridge.close();
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:"
            + bridge.port()
            + "/quicksilver?user=analyst&preferQueryMode=simple");
  }

  private void replace(String types) {
    TestReplica.replace(
        data, new DatabaseIdentity(UUID.randomUUID(), "dns", types, types), Map.of("\\x61", "one"));
  }

  private static List<String> rows(Connection connection, String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      if (statement.execute(sql)) {
        ResultSet result = statement.getResultSet();
        while (result.next()) {
          var row = new StringBuilder(result.getString(1));
          for (int i = 2; i <= result.getMetaData().getColumnCount(); i++) {
            row.append('|').append(result.getString(i));
          }
          rows.add(row.toString());
        }
      }
    }
    return rows;
  }

  @Test
  void neverReadsTheOldRowsAsValuesOfTheNewTypes() throws SQLException {
    rows(reading, "BEGIN");
    assertThat(rows(reading, "SELECT count(key) FROM empty")).containsExactly("0");
    replace("bytea");
    assertThat(rows(other, QUESTION)).containsExactly(AS_BYTEA);

    assertThatThrownBy(() -> rows(reading, QUESTION))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"))
        .hasMessageContaining("table \"dns\" is of other types");
    rows(reading, "ROLLBACK");
    assertThat(rows(reading, QUESTION)).containsExactly(AS_BYTEA);
  }

  @Test
  void aTransactionThatHasTheOldOneOpenMakesNobodyWait() throws Exception {
    rows(reading, "BEGIN");
    rows(reading, "DECLARE opened CURSOR FOR " + QUESTION + ", generate_series(1, 3)");
    assertThat(rows(reading, "FETCH 1 FROM opened")).containsExactly(AS_TEXT);
    for (String types : List.of("bytea", "text", "bytea")) {
      replace(types);
      assertThat(rows(other, QUESTION)).containsExactly(types.equals("text") ? AS_TEXT : AS_BYTEA);
    }

    assertThat(rows(reading, "FETCH 2 FROM opened")).containsExactly(AS_TEXT, AS_TEXT);
    rows(reading, "COMMIT");
    assertThat(rows(reading, QUESTION)).containsExactly(AS_BYTEA);
    Await.until(
        "the old ones are dropped",
        () -> {
          rows(other, QUESTION);
          return rows(other, "SELECT relname FROM pg_class WHERE relname LIKE 'replaced%'");
        },
        List::isEmpty);
    assertThat(rows(other, "SELECT typname FROM pg_type WHERE typname LIKE '%replaced%'"))
        .isEmpty();
  }

  @Test
  void oneOfTheSameTypesIsTheSameTable() throws SQLException {
    rows(other, "CREATE TEMPORARY VIEW mine AS " + QUESTION);
    rows(reading, "BEGIN");
    assertThat(rows(reading, QUESTION)).containsExactly(AS_TEXT);
    replace("text");
    assertThat(rows(other, "TABLE mine")).containsExactly(AS_TEXT);
    assertThat(rows(reading, QUESTION)).containsExactly(AS_TEXT);
  }
}

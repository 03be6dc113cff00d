package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.fixtures.wire.WireConnection;
import dev.quicksilver.storage.Following;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How old what is read may be, and waits for what was written. */
class FreshnessTest {
  @TempDir private Path data;
  private Bridge bridge;

  @BeforeEach
  void start() throws IOException {
    for (String name : List.of("dns", "pages")) {
      TestReplica.write(
          data, name, "text", List.of(Map.entry("a", "1".getBytes(StandardCharsets.UTF_8))));
    }
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterEach
  void stop() {
    bridge.close();
  }

  private Connection connect(String options) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:"
            + bridge.port()
            + "/quicksilver?user=analyst&options="
            + options.replace(" ", "%20").replace("=", "%3D"));
  }

  /** As a node would say it. */
  private void says(long dnsAgeMillis, long pagesAgeMillis) throws IOException {
    long now = System.currentTimeMillis();
    Following.write(
        data,
        Map.of(
            "dns",
            new Following("STREAMING", "relay-1", 9, OptionalLong.of(now - dnsAgeMillis), ""),
            "pages",
            new Following(
                "CONNECTING", "relay-1", 0, OptionalLong.of(now - pagesAgeMillis), "gone")));
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void refused(String state, Connection connection, String sql) {
    assertThatThrownBy(() -> one(connection, sql))
        .as(sql)
        .extracting(e -> ((SQLException) e).getSQLState())
        .isEqualTo(state);
  }

  @Test
  void refusesWhatIsTooOld() throws Exception {
    try (Connection connection = connect("-c quicksilver.max_lag=1h")) {
      refused("QS002", connection, "SELECT count(*) FROM dns"); // nobody says how old it is
      says(1_000, 7_200_000);
      assertThat(one(connection, "SHOW quicksilver.max_lag")).isEqualTo("1h");
      assertThat(one(connection, "SELECT count(*) FROM dns")).isEqualTo("1");
      assertThat(one(connection, "SELECT upper(value) FROM dns")).isEqualTo("1");
      for (String sql :
          List.of(
              "SELECT count(*) FROM pages",
              "SELECT value FROM pages WHERE key = 'a'",
              "SELECT upper(value) FROM pages",
              "SELECT count(*) FROM dns JOIN pages USING (key)",
              "SELECT op FROM pages_log")) {
        refused("QS002", connection, sql);
      }
      assertThat(one(connection, "SELECT count(*) FROM databases")).isEqualTo("2");
      one(connection, "SELECT set_config('quicksilver.max_lag', '3h', false)");
      assertThat(one(connection, "SELECT count(*) FROM pages")).isEqualTo("1");
      assertThatThrownBy(
              () -> connection.createStatement().execute("SET quicksilver.max_lag = 'soon'"))
          .hasMessageContaining("quicksilver.max_lag")
          .hasMessageContaining("'5s'");
      connection.createStatement().execute("SET quicksilver.max_lag = 0");
      assertThat(one(connection, "SELECT count(*) FROM pages")).isEqualTo("1");
    }
  }

  /** A snapshot does not become newer by what is said after it was taken. */
  @Test
  void judgesTheSnapshotThatIsRead() throws Exception {
    try (Connection connection = connect("-c quicksilver.max_lag=1h")) {
      says(7_200_000, 1_000);
      connection.setAutoCommit(false);
      one(connection, "SELECT count(*) FROM databases"); // takes snapshots of both
      says(1_000, 1_000);
      refused("QS002", connection, "SELECT count(*) FROM dns");
      connection.rollback();
      assertThat(one(connection, "SELECT count(*) FROM dns")).isEqualTo("1");
      connection.rollback();
      connection.createStatement().execute("SET quicksilver.max_lag = 0");
      connection.commit();
      one(connection, "SELECT count(*) FROM databases");
      connection.createStatement().execute("SET LOCAL quicksilver.max_lag = '1h'");
      refused("QS002", connection, "SELECT count(*) FROM pages"); // how old was it then?
      connection.rollback();
    }
  }

  /** What a statement of the same series has set is not known yet. */
  @Test
  void doesNotGuessWithinASeries() throws Exception {
    says(7_200_000, 1_000);
    try (WireConnection connection = WireConnection.tcp(bridge.port(), "analyst", "quicksilver")) {
      connection.require("BEGIN");
      for (String sql :
          List.of(
              "SELECT set_config('quicksilver.max_lag', '1h', true)",
              "SELECT upper(value) FROM dns")) {
        connection.parse("", sql, List.of());
        connection.bind("", "", List.of(), false);
        connection.execute("", 0);
      }
      assertThat(connection.sync().state()).isEqualTo("QS002");
    }
  }

  @Test
  void optionsThatAreNoneAreRefused() {
    for (String options : List.of("-c quicksilver.max_lag 5s", "5s", "-c a=b -x")) {
      assertThatThrownBy(() -> connect(options).close())
          .as(options)
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("42601");
    }
  }

  @Test
  void showsHowDatabasesAreFollowed() throws Exception {
    says(0, 5_000);
    try (Connection connection = connect("-c statement_timeout=60s");
        Statement statement = connection.createStatement()) {
      for (String suffix : List.of("", " ORDER BY upper(database)")) {
        try (ResultSet rows =
            statement.executeQuery(
                "SELECT database, state, upstream, last_sequence, root_sequence, lag_ms >= 0,"
                    + " complete_until < now(), problem FROM replication"
                    + suffix)) {
          rows.next();
          assertThat(row(rows)).isEqualTo("dns STREAMING relay-1 1 9 t t null");
          rows.next();
          assertThat(row(rows)).isEqualTo("pages CONNECTING relay-1 1 null t t gone");
          assertThat(rows.next()).isFalse();
        }
      }
      assertThat(one(connection, "SELECT lag_ms >= 5000 FROM replication WHERE problem = 'gone'"))
          .isEqualTo("t");
    }
  }

  private static String row(ResultSet rows) throws SQLException {
    var text = new StringBuilder();
    for (int i = 1; i <= 8; i++) {
      text.append(i == 1 ? "" : " ").append(rows.getString(i));
    }
    return text.toString();
  }

  @Test
  void waitsForASequence() throws Exception {
    try (Connection connection = connect("-c statement_timeout=120s")) {
      assertThat(one(connection, "SELECT quicksilver.wait_for_sequence('dns', 1)")).isEqualTo("1");
      refused("QS001", connection, "SELECT quicksilver.wait_for_sequence('dns', 2, '50 ms')");
      refused("42P01", connection, "SELECT quicksilver.wait_for_sequence('nothing', 2, '50 ms')");
      Thread writing =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      ReplicaProcess.run(data, "set", "dns", "b", "2");
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  });
      connection.setAutoCommit(false);
      assertThat(one(connection, "SELECT quicksilver.wait_for_sequence('dns', 2, '2 min')"))
          .isEqualTo("2");
      assertThat(one(connection, "SELECT value FROM dns WHERE key = 'b'")).isEqualTo("2");
      connection.rollback();
      writing.join();
    }
  }
}

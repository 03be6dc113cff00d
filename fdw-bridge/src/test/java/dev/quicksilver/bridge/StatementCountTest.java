package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.bridge.BridgeStatus.Outcome;
import dev.quicksilver.bridge.BridgeStatus.Way;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Each statement is counted once, when it has ended: by what did it, and how it ended. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StatementCountTest {
  private Bridge bridge;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    TestReplica.write(
        data,
        "dns",
        "text",
        List.of(
            Map.entry("a", "1".getBytes(StandardCharsets.UTF_8)),
            Map.entry("b", "2".getBytes(StandardCharsets.UTF_8))));
    bridge = Bridge.start(TestReplica.config(data));
  }

  @AfterAll
  void stop() {
    bridge.close();
  }

  @FunctionalInterface
  private interface Work {
    void on(Statement statement, Connection connection) throws SQLException;
  }

  /** What was counted while something was done on a connection that was greeted before. */
  private Map<String, Long> counted(String mode, Work work) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:"
                    + bridge.port()
                    + "/quicksilver?user=analyst&preferQueryMode="
                    + mode);
        Statement statement = connection.createStatement()) {
      Map<String, Long> before = all();
      work.on(statement, connection);
      Map<String, Long> after = new TreeMap<>();
      all().forEach((what, count) -> after.put(what, count - before.getOrDefault(what, 0L)));
      after.values().removeIf(count -> count == 0);
      return after;
    }
  }

  private Map<String, Long> all() {
    Map<String, Long> result = new TreeMap<>();
    bridge
        .status()
        .statements()
        .forEach(
            (way, outcomes) ->
                outcomes.forEach(
                    (outcome, sums) ->
                        result.put(
                            way + " " + outcome,
                            sums.counts().stream().mapToLong(Long::longValue).sum())));
    return result;
  }

  private static String of(Way way, Outcome outcome) {
    return way + " " + outcome;
  }

  @Test
  void tellsSeeksFromWhatIsEvaluated() throws SQLException {
    for (String mode : List.of("simple", "extended")) {
      assertThat(
              counted(
                  mode,
                  (statement, _) -> statement.executeQuery("SELECT * FROM dns WHERE key='a'")))
          .as(mode)
          .isEqualTo(Map.of(of(Way.SEEK, Outcome.OK), 1L));
      assertThat(
              counted(
                  mode,
                  (statement, _) -> statement.executeQuery("SELECT count(value || key) FROM dns")))
          .as(mode)
          .containsEntry(of(Way.EVALUATED, Outcome.OK), 1L)
          .doesNotContainKey(of(Way.SEEK, Outcome.OK))
          .containsKey(of(Way.EVALUATORS_SEEK, Outcome.OK));
    }
  }

  @Test
  void tellsHowTheyEnd() throws SQLException {
    assertThat(
            counted(
                "simple",
                (statement, _) ->
                    assertThatThrownBy(
                            () -> statement.execute("SELECT * FROM nothing_of_this_name"))
                        .isInstanceOf(SQLException.class)))
        .isEqualTo(Map.of(of(Way.EVALUATED, Outcome.ERROR), 1L));
    assertThat(
            counted(
                "simple",
                (statement, _) -> {
                  statement.execute("SET statement_timeout = 100");
                  assertThatThrownBy(() -> statement.execute("SELECT pg_sleep(60)"))
                      .isInstanceOf(SQLException.class);
                }))
        .containsEntry(of(Way.EVALUATED, Outcome.CANCELED), 1L)
        .doesNotContainKey(of(Way.EVALUATED, Outcome.ERROR));
  }

  @Test
  void countsEachStatementOfAMessage() throws SQLException {
    assertThat(
            counted(
                "simple",
                (statement, _) -> {
                  boolean ignored =
                      statement.execute(
                          "SELECT * FROM dns WHERE key='a'; SELECT * FROM dns WHERE key='b'");
                }))
        .isEqualTo(Map.of(of(Way.SEEK, Outcome.OK), 2L));
    assertThat(
            counted(
                "extended",
                (_, connection) -> {
                  try (PreparedStatement prepared =
                      connection.prepareStatement("SELECT * FROM dns WHERE key = ?")) {
                    for (String key : List.of("a", "b", "c")) {
                      prepared.setString(1, key);
                      prepared.executeQuery().close();
                    }
                  }
                }))
        .isEqualTo(Map.of(of(Way.SEEK, Outcome.OK), 3L));
  }
}

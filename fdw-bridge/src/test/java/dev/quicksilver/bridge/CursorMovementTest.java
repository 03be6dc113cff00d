package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.wire.Answer;
import dev.quicksilver.fixtures.wire.WireConnection;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cursors move as PostgreSQL's do, whichever way their queries are answered. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CursorMovementTest {
  private static final int ROWS = 7;
  private static final int ROUNDS = 40;
  private static final int STEPS = 12;

  private final EmbeddedPostgres postgres = EmbeddedPostgres.start();
  private Bridge bridge;
  private WireConnection expected;
  private WireConnection actual;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    expected =
        WireConnection.unix(
            postgres.socketDirectory().resolve(".s.PGSQL." + postgres.port()),
            postgres.user(),
            "postgres");
    expected.require("CREATE TABLE dns (key text COLLATE \"C\" PRIMARY KEY, value text)");
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 1; i <= ROWS; i++) {
      pairs.add(Map.entry("k" + i, ("v" + i).getBytes(StandardCharsets.UTF_8)));
      expected.require("INSERT INTO dns VALUES ('k%d', 'v%d')".formatted(i, i));
    }
    TestReplica.write(data, "dns", "text", pairs);
    bridge = Bridge.start(TestReplica.config(data));
    actual = WireConnection.tcp(bridge.port(), "analyst", "quicksilver");
  }

  @AfterAll
  void stop() throws IOException {
    expected.close();
    actual.close();
    bridge.close();
    postgres.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "c CURSOR FOR SELECT key, value FROM dns ORDER BY key",
        "c CURSOR FOR SELECT key FROM dns",
        "c CURSOR FOR SELECT key FROM dns ORDER BY key DESC LIMIT 4 OFFSET 1",
        "c CURSOR FOR SELECT key FROM dns WHERE key = 'k9'",
        "c CURSOR FOR SELECT count(*) FROM dns",
        "c CURSOR FOR SELECT key FROM dns FOR UPDATE",
        "c NO SCROLL CURSOR FOR SELECT key FROM dns ORDER BY key",
        "c SCROLL CURSOR FOR SELECT key FROM dns ORDER BY key",
        "c SCROLL CURSOR FOR SELECT count(*) FROM dns",
        "c SCROLL NO SCROLL CURSOR FOR SELECT key FROM dns",
        "c SCROLL CURSOR FOR SELECT upper(key) FROM dns ORDER BY 1"
      })
  void moveAsPostgresqlsDo(String cursor) throws IOException {
    var random = new Random(cursor.hashCode());
    for (int round = 0; round < ROUNDS; round++) {
      var told = new StringBuilder();
      same("BEGIN", told);
      same("DECLARE " + cursor, told);
      same("SAVEPOINT s", told);
      for (int step = 0; step < STEPS; step++) {
        if (!same(statement(random), told)) {
          same("ROLLBACK TO s", told);
        }
      }
      same("DECLARE c SCROLL CURSOR FOR SELECT upper(key) FROM dns", told);
      same("ROLLBACK", told);
    }
  }

  private static String statement(Random random) {
    String[] directions = {
      "",
      "NEXT",
      "PRIOR",
      "FIRST",
      "LAST",
      "ALL",
      "FORWARD",
      "BACKWARD",
      "FORWARD ALL",
      "BACKWARD ALL",
      "%d",
      "FORWARD %d",
      "BACKWARD %d",
      "ABSOLUTE %d",
      "RELATIVE %d",
      "%d"
    };
    String direction = directions[random.nextInt(directions.length)];
    boolean move = random.nextInt(3) == 0;
    if (direction.equals("BACKWARD ALL") && move) {
      direction = "BACKWARD 99"; // rewinds whatever the cursor is, for older postgres_fdw
    }
    return (move ? "MOVE " : "FETCH ")
        + direction.formatted(random.nextInt(ROWS + 5) - (ROWS + 5) / 2)
        + " FROM c";
  }

  private boolean same(String sql, StringBuilder told) throws IOException {
    told.append(sql).append("; ");
    Answer wanted = expected.query(sql);
    Answer given = actual.query(sql);
    assertThat(told(given)).as("%s", told).isEqualTo(told(wanted));
    return wanted.succeeded();
  }

  private static String told(Answer answer) {
    return answer.failure().map(f -> f.state() + " " + f.message()).orElse("")
        + answer.tags()
        + answer.rows()
        + answer.columns().stream().map(c -> c.name()).toList();
  }
}

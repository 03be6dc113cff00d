package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Runs the statements of docs/tour.md, as they stand there, with all processes. */
@Execution(ExecutionMode.CONCURRENT)
final class TourTest {
  private static final Pattern SQL = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path folder;

  @Test
  void theTourDoesWhatItSays() throws Exception {
    assumeTrue(pgbench("--version") == 0, "pgbench is not on the PATH: install postgresql-contrib");
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
        Connection connection = postgres.connect();
        Cluster cluster = TestCluster.in(folder)) {
      SqlSession session = new SqlSession(connection);
      assertThat(pgbench(postgres, "--initialize", "--scale=1", "--quiet")).isZero();
      cluster.usePostgres(CentralPostgres.of(postgres));
      cluster.start(NodeSpec.root("root"));
      cluster.start(NodeSpec.replica("fra", "root"));
      cluster.start(NodeSpec.bridge("fra-bridge", "fra"));

      List<String> statements = statements(cluster.port("fra-bridge", "bridge"));
      assertThat(statements).hasSize(5);
      for (String statement : statements) {
        session.execute(statement);
      }
      assertThat(table(session, statements.getLast())).isEqualTo("41 0, 42 0, 43 0");
      assertThat(session.query("SELECT count(*) FROM edge_fra.accounts")).isEqualTo("100000");
      assertThat(session.query("SELECT value FROM edge_fra.branches"))
          .isEqualTo("{\"bbalance\":0,\"filler\":null}");

      assertThat(pgbench(postgres, "--transactions=50", "--client=2", "--no-vacuum")).isZero();
      for (String database : List.of("accounts", "branches", "tellers", "history")) {
        session.execute(
            "SELECT quicksilver.wait_for_propagation('" + database + "', timeout => '2min')");
      }
      assertThat(session.query("SELECT count(*) FROM edge_fra.history")).isEqualTo("100");
      // An edge's content is its table's, row by row.
      same(session, "accounts", "aid", "bid, abalance, filler");
      same(session, "branches", "bid", "bbalance, filler");
      same(session, "tellers", "tid", "bid, tbalance, filler");
      same(session, "history", "id", "tid, bid, aid, delta, mtime, filler");
    }
  }

  private static void same(SqlSession session, String database, String key, String columns)
      throws Exception {
    String differing =
        session.query(
            ("SELECT count(*) FROM (SELECT quicksilver.key_of(%2$s) AS key, row_to_json(v)::text AS"
                    + " value FROM pgbench_%1$s, LATERAL (SELECT %3$s) v) t FULL JOIN"
                    + " edge_fra.%1$s e ON e.key = t.key WHERE e.value::text IS DISTINCT FROM"
                    + " t.value")
                .formatted(database, key, columns));
    assertThat(differing).as(database).isEqualTo("0");
  }

  private static String table(SqlSession session, String query) throws Exception {
    return session.query(
        "SELECT string_agg(aid || ' ' || balance, ', ') FROM (" + query.replace(";", "") + ") t");
  }

  /** The SQL between the fences, with the bridge that runs here in place of the default one. */
  private static List<String> statements(int bridge) throws IOException {
    List<String> statements = new ArrayList<>();
    var block = SQL.matcher(Files.readString(Path.of("../docs/tour.md")));
    while (block.find()) {
      for (String statement : block.group(1).split("(?<=;)\n")) {
        if (!statement.isBlank()) {
          statements.add(statement.replace("7432", Integer.toString(bridge)).strip());
        }
      }
    }
    return statements;
  }

  private int pgbench(EmbeddedPostgres postgres, String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(
        List.of(
            "--host=" + postgres.socketDirectory(),
            "--port=" + postgres.port(),
            "--username=" + postgres.user(),
            "postgres"));
    return pgbench(all.toArray(String[]::new));
  }

  private int pgbench(String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("pgbench"));
    command.addAll(List.of(words));
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(folder.resolve("pgbench-output").toFile())
          .start()
          .waitFor();
    } catch (IOException e) {
      return -1;
    }
  }
}

package dev.quicksilver.benchmarks;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Queries that the bridge has evaluated, through stock postgres_fdw, against a scan of the same
 * columns that the bridge does itself. What postgres_fdw does not ship is asked in a session on the
 * bridge itself, and so is its scan. The two sides take turns, five times each; the figure is the
 * largest ratio of medians.
 */
final class EvaluatedSpeedBar implements Bar {
  private static final double LIMIT = 1.3;
  private static final int ROUNDS = 5;

  /** A query that postgres_fdw ships, and the columns that it reads. */
  private record Case(String query, String columns, String shipped) {}

  private static final List<Case> CASES =
      List.of(
          new Case("SELECT count(*) FROM edge.big WHERE key LIKE '%777%'", "key", "~~"),
          new Case("SELECT count(*) FROM edge.big WHERE key ~ '7[0-3]+7\\.edge'", "key", "~"),
          new Case(
              "SELECT substring(key, 1, 7), count(*) FROM edge.big GROUP BY 1 HAVING count(*) >"
                  + " 9999",
              "key",
              "GROUP BY"),
          new Case(
              "SELECT count(*), sum(sequence) FROM edge.big WHERE sequence % 7 = 3 AND key ~ '1'",
              "key, sequence", "sum"));

  @Override
  public String name() {
    return "bridge.evaluated-speed";
  }

  @Override
  public String description() {
    return "queries that are evaluated, against a scan of the same columns that is a seek";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 100_000);
    System.out.println(pairs + " pairs of 30 + 100 bytes through postgres_fdw, fetch_size 1000");
    double worst = 0;
    try (LargeEdge lab = LargeEdge.startAsNiceAsItsPeer(pairs);
        Connection foreign = lab.analyst();
        Connection direct = lab.direct()) {
      direct.setAutoCommit(false);
      for (Case each : CASES) {
        boolean shipped = isShipped(foreign, each);
        Connection connection = shipped ? foreign : direct;
        String scan = text(shipped, "SELECT " + each.columns() + " FROM edge.big");
        String query = text(shipped, each.query());
        time(connection, scan);
        time(connection, query);
        long[] scans = new long[ROUNDS];
        long[] queries = new long[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
          scans[round] = time(connection, scan);
          queries[round] = time(connection, query);
        }
        double ratio = (double) median(queries) / median(scans);
        worst = Math.max(worst, ratio);
        System.out.printf(
            Locale.ROOT,
            "%.2f: %s: %d ms; %s: %d ms (medians of %d)%n",
            ratio,
            query,
            median(queries) / 1_000_000,
            scan,
            median(scans) / 1_000_000,
            ROUNDS);
      }
    }
    return new Outcome(
        String.format(Locale.ROOT, "%.2f x the time of the scan", worst),
        "<= 1.3 x",
        worst <= LIMIT);
  }

  private static boolean isShipped(Connection connection, Case each) throws SQLException {
    String plan = String.join("\n", rows(connection, "EXPLAIN VERBOSE " + each.query()));
    return plan.substring(Math.max(0, plan.indexOf("Remote SQL"))).contains(each.shipped());
  }

  /** As the analyst's PostgreSQL runs it without showing the rows, or as the bridge is asked. */
  private static String text(boolean shipped, String query) {
    return shipped ? "EXPLAIN (ANALYZE, TIMING OFF) " + query : query.replace("edge.big", "big");
  }

  private static long time(Connection connection, String query) throws SQLException {
    long from = System.nanoTime();
    rows(connection, query);
    return System.nanoTime() - from;
  }

  private static List<String> rows(Connection connection, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(1000);
      try (ResultSet result = statement.executeQuery(query)) {
        while (result.next()) {
          rows.add(result.getString(1));
        }
      }
    }
    return rows;
  }

  private static long median(long[] times) {
    long[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}

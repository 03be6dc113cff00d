package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An edge through stock postgres_fdw, as {@code attach_edge} attaches it, against a PostgreSQL 18
 * with the same rows behind the same foreign tables, in the same analyst's PostgreSQL 18. The peer
 * is attached twice, with and without estimates of its own, and each case takes what is faster for
 * it. Look-ups are pgbench's, planned each time.
 */
final class FdwSpeedBar implements Bar {
  private static final int COUNTS = 10;
  private static final int WARMING = 5;

  private final StringBuilder figure = new StringBuilder();
  private boolean pass = true;

  /** A figure of one schema's tables; more is better. */
  @FunctionalInterface
  private interface Measure {
    double of(String schema) throws Exception;
  }

  @Override
  public String name() {
    return "bridge.fdw-speed";
  }

  @Override
  public String description() {
    return "scans, counts and look-ups through postgres_fdw, against a PostgreSQL behind it";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 200_000);
    int rounds = settings.size(7, 3);
    int seconds = settings.size(4, 1);
    System.out.println(pairs + " pairs of 30 + 100 bytes through postgres_fdw, fetch_size 1000");
    Pgbench.require();
    Path folder = Files.createTempDirectory("quicksilver-fdw-");
    try (LargeEdge edge = LargeEdge.startAsNiceAsItsPeer(pairs);
        RemotePeer peer = RemotePeer.start(folder, edge);
        Connection analyst = edge.analyst();
        Statement statement = analyst.createStatement()) {
      peer.attach(statement);
      Path lookUps = folder.resolve("key.sql");
      for (int i = 0; i < WARMING; i++) { // the bridge's code is compiled while it runs
        scan(statement, "edge");
        lookUp(edge, lookUps, "edge", pairs, 1, 4, seconds);
        lookUp(edge, lookUps, "edge", pairs, 10, 4, seconds);
      }
      compare("scan", "rows/s", 1.25, rounds, schema -> pairs / scan(statement, schema));
      compare("count(*)", "/s", 20, rounds, schema -> 1 / count(statement, schema, pairs));
      compare(
          "key", "TPS", 1.0, rounds, schema -> lookUp(edge, lookUps, schema, pairs, 1, 1, seconds));
      compare(
          "key, 8 clients",
          "TPS",
          1.2,
          rounds,
          schema -> lookUp(edge, lookUps, schema, pairs, 1, 8, seconds));
      compare(
          "IN of 10",
          "TPS",
          1.0,
          rounds,
          schema -> lookUp(edge, lookUps, schema, pairs, 10, 1, seconds));
    } finally {
      Folders.remove(folder);
    }
    return new Outcome(figure.toString(), "all ≥ their limits", pass);
  }

  private void compare(String what, String unit, double limit, int rounds, Measure measure)
      throws Exception {
    String best = "";
    double most = 0;
    for (String schema : RemotePeer.SCHEMAS) {
      measure.of(schema);
      double figure = measure.of(schema);
      if (figure > most) {
        most = figure;
        best = schema;
      }
    }
    String peer = best;
    Duel duel = Duel.of(rounds, () -> measure.of("edge"), () -> measure.of(peer));
    System.out.printf(
        Locale.ROOT,
        "%s: edge %,.0f %s, %s %,.0f %s: %.2f x (medians of %d; limit %.2f x)%n",
        what,
        duel.ours(),
        unit,
        peer,
        duel.theirs(),
        unit,
        duel.ratio(),
        rounds,
        limit);
    figure.append(
        String.format(
            Locale.ROOT,
            "%s%s %.2f x (≥ %.2f)",
            figure.isEmpty() ? "" : ", ",
            what,
            duel.ratio(),
            limit));
    pass &= duel.ratio() >= limit;
  }

  /** Seconds of a whole scan, as the analyst's PostgreSQL runs it without showing the rows. */
  private static double scan(Statement statement, String schema) throws SQLException {
    return seconds(
        statement, "EXPLAIN (ANALYZE, TIMING OFF) SELECT key, value FROM " + schema + ".big");
  }

  private static double seconds(Statement statement, String sql) throws SQLException {
    long from = System.nanoTime();
    statement.execute(sql);
    return (System.nanoTime() - from) / 1e9;
  }

  private static double count(Statement statement, String schema, int pairs) throws SQLException {
    String sql = "SELECT count(*) FROM " + schema + ".big";
    double seconds = 0;
    for (int i = 0; i < COUNTS; i++) { // one alone is mostly the waking up of three processes
      seconds += seconds(statement, sql) / COUNTS;
    }
    try (var row = statement.executeQuery(sql)) {
      row.next();
      if (row.getInt(1) != pairs) {
        throw new AssertionError(schema + " counts " + row.getInt(1) + " rows");
      }
    }
    return seconds;
  }

  /** Look-ups a second; pgbench puts numbers in the place of variables, also within a literal. */
  private static double lookUp(
      LargeEdge edge, Path script, String schema, int pairs, int keys, int clients, int seconds)
      throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < keys; i++) {
      lines.add("\\set k" + i + " random(100000, " + (pairs - 1) + ")");
    }
    String list =
        IntStream.range(0, keys)
            .mapToObj(i -> "'host00:k" + i + ".edge.example.com.'")
            .collect(Collectors.joining(", "));
    lines.add(
        "SELECT key, value FROM "
            + schema
            + ".big WHERE key "
            + (keys == 1 ? "= " + list : "IN (" + list + ")")
            + ";");
    Files.write(script, lines);
    return Pgbench.run(edge.analystPostgres(), script, "simple", clients, seconds);
  }
}

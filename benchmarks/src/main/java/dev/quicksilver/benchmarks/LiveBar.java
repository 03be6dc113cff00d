package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.benchmarks.LiveWrites.Sample;
import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * {@code loader.live}: a load with {@code --max-lag=2s} while others write 100 times a second, in
 * turns to the database that is loaded and to another one. Each of those writes is looked for on
 * both edges, two hops away, by snapshots of their files. All that is committed after a batch waits
 * behind it, so the longest time of a write is that of the load, too. The same load without the
 * limit shows what that does.
 */
final class LiveBar implements Bar {
  private static final Duration LIMIT = Duration.ofSeconds(2);
  private static final int WRITES_PER_SECOND = 100;

  /** What the writes of some time took. */
  private record Lags(Histogram lags, Histogram statements) {
    static Lags of(List<Sample> samples, long from, long until) {
      var lags = new Histogram(3);
      var statements = new Histogram(3);
      for (Sample sample : samples) {
        if (sample.committed() - from >= 0 && sample.committed() - until < 0) {
          lags.recordValue(sample.lagNanos() / 1_000);
          statements.recordValue(sample.statementNanos() / 1_000);
        }
      }
      return new Lags(lags, statements);
    }

    void print(String title) {
      System.out.printf(
          Locale.ROOT,
          "%-24s %6d lags: p50 %6.1f, p99 %7.1f, max %7.1f ms; the write itself: p50 %5.1f, max"
              + " %6.1f ms%n",
          title,
          lags.getTotalCount(),
          lags.getValueAtPercentile(50) / 1e3,
          lags.getValueAtPercentile(99) / 1e3,
          longestMillis(),
          statements.getValueAtPercentile(50) / 1e3,
          statements.getMaxValue() / 1e3);
    }

    double longestMillis() {
      return lags.getMaxValue() / 1e3;
    }
  }

  @Override
  public String name() {
    return "loader.live";
  }

  @Override
  public String description() {
    return "longest lag of 100 writes a second at two edges while a load with --max-lag=2s runs";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rows = settings.size(1_000_000, 100_000);
    int idleSeconds = settings.size(20, 3);
    try (Tree tree = Tree.startServices()) {
      Path file = write(tree.folder(), rows);
      double longest =
          load(tree, "limited", file, rows, idleSeconds, List.of("--max-lag=2s")).longestMillis();
      load(tree, "unlimited", file, rows, idleSeconds, List.of());
      return new Outcome(
          String.format(Locale.ROOT, "longest lag %.0f ms", longest),
          "< " + LIMIT.toMillis() + " ms",
          longest < LIMIT.toMillis());
    }
  }

  /** Keys of 30 bytes in no order, as out of a hash table, and values of 100. */
  private static Path write(Path folder, int rows) throws IOException {
    Path file = folder.resolve("records.tsv");
    String value = "v".repeat(91);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < rows; i++) {
        out.write(key(i, rows) + "\t%s%09d\n".formatted(value, i));
      }
    }
    return file;
  }

  private static String key(int row, int rows) {
    return "host%08d.migrated.example."
        .formatted(row * 7919L % rows); // a prime, and so each key once
  }

  /** Returns the lags from the beginning of a load until its last row is on both edges. */
  private static Lags load(
      Tree tree, String database, Path file, int rows, int idleSeconds, List<String> flags)
      throws Exception {
    String other = database + "_other";
    tree.sql("SELECT quicksilver.create_database('" + database + "')");
    tree.sql("SELECT quicksilver.create_database('" + other + "')");
    Path summary = tree.folder().resolve(database + ".json");
    List<String> arguments = new ArrayList<>(List.of("load", database, "--from=" + file));
    arguments.addAll(flags);
    arguments.add("--summary=" + summary);
    arguments.add("--rejects=" + tree.folder().resolve(database + ".rejects"));
    arguments.add("--postgres-url=" + tree.postgres().jdbcUrl());
    System.out.printf("%n%,d rows into %s %s%n", rows, database, flags);
    try (var writes = new LiveWrites(tree, List.of(database, other), WRITES_PER_SECOND)) {
      TimeUnit.SECONDS.sleep(2); // compiles what writes and applies
      long idle = System.nanoTime();
      TimeUnit.SECONDS.sleep(idleSeconds);
      long began = System.nanoTime();
      long ended;
      try (ChildProcess load =
          ChildProcess.start(
              "the load", tree.folder().resolve(database + ".log"), Processes.SERVICE, arguments)) {
        int exitCode = load.awaitEnd(Duration.ofMinutes(20));
        ended = System.nanoTime();
        load.output().lines().forEach(line -> System.out.println("  " + line));
        if (exitCode != 0) {
          throw new AssertionError("the load ended with " + exitCode);
        }
      }
      awaitKey(tree, writes.copies(0), key(rows - 1, rows));
      long shown = System.nanoTime();
      TimeUnit.SECONDS.sleep(1);
      writes.end();
      JsonNode report = new ObjectMapper().readTree(Files.readString(summary));
      if (report.path("loaded").asLong() != rows) {
        throw new AssertionError("the report counts other rows: " + report);
      }
      requireAll(tree, database, rows + writes.writes(0), writes.copies(0));
      requireAll(tree, other, writes.writes(1), writes.copies(1));
      System.out.printf(
          Locale.ROOT,
          "the load took %.1f s, %,.0f rows a second; all on both edges after %.1f s; %.1f other"
              + " writes a second%n",
          (ended - began) / 1e9,
          rows * 1e9 / (ended - began),
          (shown - began) / 1e9,
          Lags.of(writes.samples(), began, shown).lags().getTotalCount()
              * 1e9
              / 2
              / (shown - began));
      List<Sample> samples = writes.samples();
      Lags.of(samples, idle, began).print("without a load");
      Lags under = Lags.of(samples, began, shown);
      under.print("with " + (flags.isEmpty() ? "an unlimited load" : "the load"));
      timeline(samples, began, shown);
      return under;
    }
  }

  /** The longest lag of each tenth of the time. */
  private static void timeline(List<Sample> samples, long began, long shown) {
    var line = new StringBuilder("longest lag in ms of each tenth of that time:");
    for (int i = 0; i < 10; i++) {
      Lags some =
          Lags.of(
              samples, began + (shown - began) / 10 * i, began + (shown - began) / 10 * (i + 1));
      line.append(String.format(Locale.ROOT, " %.0f", some.longestMillis()));
    }
    System.out.println(line);
  }

  private static void awaitKey(Tree tree, List<Database> copies, String key) {
    byte[] wanted = key.getBytes(StandardCharsets.US_ASCII);
    for (Database copy : copies) {
      tree.await(key + " on an edge", () -> has(copy, wanted));
    }
  }

  private static boolean has(Database copy, byte[] key) {
    try (Snapshot snapshot = copy.snapshot()) {
      return snapshot.get(key) != null;
    }
  }

  private static long pairs(Database copy) {
    try (Snapshot snapshot = copy.snapshot()) {
      return snapshot.pairs();
    }
  }

  /** The table, the root and both edges have the same number of rows, and the same rows. */
  private static void requireAll(Tree tree, String database, long wanted, List<Database> copies)
      throws SQLException {
    tree.sql("SELECT quicksilver.wait_for_propagation('" + database + "', 1, '2 min')");
    try (var connection = tree.connect();
        var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT count(*) FROM " + database)) {
      row.next();
      if (row.getLong(1) != wanted) {
        throw new AssertionError(
            "table " + database + " has " + row.getLong(1) + " rows, wanted " + wanted);
      }
    }
    try (Database root = tree.open(Node.ROOT, database)) {
      for (Database copy : copies) {
        if (pairs(copy) != wanted
            || !copy.head().contentDigest().equals(root.head().contentDigest())) {
          throw new AssertionError(
              "an edge has %d pairs of %s and not %d: %s, root %s"
                  .formatted(pairs(copy), database, wanted, copy.head(), root.head()));
        }
      }
    }
  }
}

package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.record.Head;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * {@code loader.resume}: loads during which the loader, the root or PostgreSQL is killed with
 * SIGKILL at a random moment, and which are run again until they end. Table, root and edge must
 * equal those of a load that nobody killed, with as many entries, and so must the file of rejects.
 */
final class ResumeBar implements Bar {
  private static final int RUNS = 5;
  private static final List<Victim> VICTIMS = List.of(Victim.values());

  /** Who is killed. */
  private enum Victim {
    LOADER,
    ROOT,
    POSTGRES
  }

  /** What a load leaves behind: the root's head, and what was rejected. */
  private record Left(String digest, long entries, String rejects, String table) {}

  @Override
  public String name() {
    return "loader.resume";
  }

  @Override
  public String description() {
    return "loads that are killed at random points and run again, against one that was not";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int points = settings.size(50, 4);
    int records = settings.size(200_000, 50_000);
    Random random = new Random(settings.seed());
    Map<Victim, Integer> killed = new EnumMap<>(Victim.class);
    int tried = 0;
    try (Tree tree = Tree.start()) {
      Path file = write(tree.folder(), records, random);
      var calm = new Loads(tree, "wanted", file, records);
      Left wanted = calm.end(List.of());
      System.out.printf(
          "%,d records; a load takes %,d ms; %s%n", records, calm.millis, summary(wanted));
      while (sum(killed) < points) {
        tried++;
        if (tried > 3 * points + 10) {
          throw new AssertionError("the loads end before somebody is killed");
        }
        Victim victim = VICTIMS.get(tried % VICTIMS.size());
        var loads = new Loads(tree, "load" + tried, file, records);
        try (ChildProcess first = loads.start()) {
          TimeUnit.MILLISECONDS.sleep(random.nextLong(calm.millis));
          if (first.isAlive()) {
            killed.merge(victim, 1, Integer::sum);
          }
          kill(tree, victim, first);
          Left left = loads.end(List.of(first));
          boolean right = left.equals(wanted);
          System.out.printf(
              "%-5s %s killed, %d runs%n", right ? "ok" : "WRONG", victim, loads.runs);
          if (!right) {
            throw new AssertionError("left is " + summary(left) + ", wanted " + summary(wanted));
          }
        }
        tree.sql("SELECT quicksilver.drop_database('" + loads.database + "')");
      }
    }
    return new Outcome(
        sum(killed) + " of " + points + " equal (killed: " + killed + ")",
        "= all equal to a load that was never killed",
        sum(killed) == points);
  }

  private static int sum(Map<Victim, Integer> killed) {
    return killed.values().stream().mapToInt(i -> i).sum();
  }

  private static String summary(Left left) {
    return "digest "
        + left.digest()
        + ", "
        + left.entries()
        + " entries, "
        + left.rejects().length()
        + " characters of rejects, table "
        + left.table();
  }

  /** Records of which some have another's key and some are bad. */
  private static Path write(Path folder, int records, Random random) throws IOException {
    Path file = folder.resolve("records.tsv");
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int i = 0; i < records; i++) {
        int dice = random.nextInt(100);
        if (dice == 0) {
          out.write("bad " + i + "\n");
        } else {
          int key = dice == 1 ? random.nextInt(records) : i;
          out.write("host%08d.example.com.\tvalue %d\n".formatted(key, random.nextInt()));
        }
      }
    }
    return file;
  }

  private static void kill(Tree tree, Victim victim, ChildProcess loader) throws Exception {
    switch (victim) {
      case LOADER -> loader.kill();
      case ROOT -> tree.killAndRelaunch(Node.ROOT);
      case POSTGRES -> {
        tree.postgres().kill();
        tree.postgres().restart();
      }
    }
  }

  /** The runs of one load. */
  private static final class Loads {
    private final Tree tree;
    private final String database;
    private final Path file;
    private final int records;
    private final Path folder;
    private int runs;
    private long millis;

    Loads(Tree tree, String database, Path file, int records) throws IOException, SQLException {
      this.tree = tree;
      this.database = database;
      this.file = file;
      this.records = records;
      folder = Files.createDirectory(tree.folder().resolve("load-" + database));
      tree.sql("SELECT quicksilver.create_database('" + database + "')");
    }

    ChildProcess start() throws IOException {
      runs++;
      return ChildProcess.start(
          "load " + runs + " of " + database,
          folder.resolve("run" + runs + ".log"),
          Processes.OPTIONS,
          new ArrayList<>(
              List.of(
                  "load",
                  database,
                  "--from=" + file,
                  "--batch-rows=1000",
                  "--max-rejects=50%",
                  "--rejects=" + folder.resolve("rejects.tsv"),
                  "--summary=" + folder.resolve("summary.json"),
                  "--postgres-url=" + tree.postgres().jdbcUrl())));
    }

    /** Runs it until it has ended, after those runs that were started before. */
    Left end(List<ChildProcess> before) throws Exception {
      for (ChildProcess run : before) {
        if (run.awaitEnd() == 0) {
          return left(run);
        }
        requireOneLine(run);
      }
      while (runs < RUNS) {
        long from = System.nanoTime();
        try (ChildProcess run = start()) {
          if (run.awaitEnd() == 0) {
            millis = (System.nanoTime() - from) / 1_000_000;
            return left(run);
          }
          requireOneLine(run);
        }
      }
      throw new AssertionError(database + " did not end in " + RUNS + " runs");
    }

    /** One that was killed says nothing, one that lost PostgreSQL says so in a line. */
    private static void requireOneLine(ChildProcess run) {
      if (run.output().contains("\tat ")) {
        throw new AssertionError("a stack trace: " + run.output());
      }
    }

    private Left left(ChildProcess last) throws Exception {
      JsonNode report =
          new ObjectMapper().readTree(Files.readString(folder.resolve("summary.json")));
      long sum =
          report.path("loaded").asLong()
              + report.path("unchanged").asLong()
              + report.path("rejected").asLong()
              + report.path("duplicates").asLong();
      if (sum != records || report.path("read").asLong() != records) {
        throw new AssertionError("the report does not add up: " + last.output());
      }
      tree.sql("SELECT quicksilver.wait_for_propagation('" + database + "', 1, '2 min')");
      long pairs = sum - report.path("rejected").asLong() - report.path("duplicates").asLong();
      Head root = head(Node.ROOT, pairs);
      Head edge = head(Node.EDGE1, pairs);
      if (!root.contentDigest().equals(edge.contentDigest())
          || root.lastSequence() != edge.lastSequence()) {
        throw new AssertionError("root and edge differ: " + root + ", " + edge);
      }
      return new Left(
          root.contentDigest().toString(),
          root.lastSequence(),
          Files.readString(folder.resolve("rejects.tsv")),
          table());
    }

    /** The head of a node's database once it has all that the table has. */
    private Head head(Node node, long entries) {
      try (Database copy = tree.open(node, database)) {
        tree.await(
            database + " on " + node + " to have " + entries + " entries",
            () -> copy.head().lastSequence() >= entries);
        return copy.head();
      }
    }

    private String table() throws SQLException {
      try (var connection = tree.connect();
          var statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "SELECT count(*) || ' pairs, '"
                      + " || md5(string_agg(key || '=' || value, ',' ORDER BY key)) FROM "
                      + database)) {
        row.next();
        return row.getString(1);
      }
    }
  }
}

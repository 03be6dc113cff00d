package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.postgresql.PGConnection;

/**
 * {@code loader.real}: data that people use ({@link RealSources}), loaded with {@code load} into a
 * running tree. {@code compare} at an edge has to find every pair, and so has this class, which
 * knows what is wanted without the loader. A pair that is changed then has to be found by both, and
 * what is loaded out of a Kyoto Cabinet has to come back to one.
 */
final class RealBar implements Bar {
  /** A database of a Kyoto Cabinet's list, which is taken back to one. */
  private static final String THERE_AND_BACK = "sums_listed";

  @Override
  public String name() {
    return "loader.real";
  }

  @Override
  public String description() {
    return "Debian's packages, Unicode's characters, public suffixes, Kyoto's dumps: each pair";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    long pairs = 0;
    List<RealSource> sources;
    try (Tree tree = Tree.start()) {
      Path folder = Files.createDirectory(tree.folder().resolve("real"));
      sources = RealSources.make(folder, settings.quick());
      for (RealSource source : sources) {
        load(tree, folder, source);
        require(compare(tree, source), 0, source.wanted().size() + " equal");
        List<String> wrong = wrong(tree, source);
        if (!wrong.isEmpty()) {
          throw new AssertionError(source.database() + " on an edge: " + wrong);
        }
        pairs += source.wanted().size();
      }
      back(tree, folder);
      change(tree, sources.getFirst());
    }
    return new Outcome(
        String.format(
            Locale.ROOT, "%,d pairs of %d sources equal at an edge", pairs, sources.size()),
        "= all equal, by compare and by what was known before",
        true);
  }

  private static void load(Tree tree, Path folder, RealSource source) throws Exception {
    tree.sql(
        "SELECT quicksilver.create_database('%s', '%s', '%s')"
            .formatted(source.database(), source.keyType(), source.valueType()));
    Path summary = folder.resolve(source.database() + ".json");
    List<String> arguments = new ArrayList<>(List.of("load", source.database()));
    arguments.addAll(input(source));
    arguments.add("--rejects=" + folder.resolve(source.database() + ".rejects"));
    arguments.add("--summary=" + summary);
    arguments.add("--wait=all");
    arguments.add("--postgres-url=" + tree.postgres().jdbcUrl());
    Ended ended = tree.run(arguments);
    if (ended.exitCode() != 0) {
      throw new AssertionError(source.database() + ": " + ended);
    }
    JsonNode report = new ObjectMapper().readTree(Files.readString(summary));
    RealSource.Wanted wanted = source.wanted();
    String counts =
        report.path("loaded")
            + " loaded, "
            + report.path("duplicates")
            + " duplicate of "
            + report.path("read");
    String right =
        wanted.size()
            + " loaded, "
            + wanted.duplicates()
            + " duplicate of "
            + (wanted.size() + wanted.duplicates());
    if (!counts.equals(right)) {
      throw new AssertionError(source.database() + ": " + counts + "; there are " + right);
    }
    System.out.printf(
        Locale.ROOT,
        "%-18s %,9d bytes: %s, %.1f s%n",
        source.database(),
        Files.size(source.file()),
        counts,
        report.path("seconds").asDouble());
  }

  private static List<String> input(RealSource source) {
    List<String> arguments = new ArrayList<>(List.of("--from=" + source.file()));
    arguments.addAll(source.flags());
    arguments.add("--duplicates=first");
    return arguments;
  }

  private static Ended compare(Tree tree, RealSource source) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("compare", source.database()));
    arguments.addAll(input(source));
    arguments.add("--data-directory=" + tree.data(Node.EDGE1));
    return tree.run(arguments);
  }

  private static void require(Ended ended, int exitCode, String part) {
    if (ended.exitCode() != exitCode || !ended.output().replace(",", "").contains(part)) {
      throw new AssertionError("wanted " + exitCode + ", " + part + ": " + ended);
    }
  }

  /** What is wrong at an edge, without the loader's help; at most a few of it. */
  private static List<String> wrong(Tree tree, RealSource source) throws IOException {
    List<String> wrong = new ArrayList<>();
    long pairs = 0;
    try (Database database = tree.open(Node.EDGE1, source.database());
        Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        pairs++;
        if (wrong.size() < 5 && !source.wanted().has(scan.key(), scan.value())) {
          wrong.add(new String(scan.key(), java.nio.charset.StandardCharsets.UTF_8));
        }
      }
    }
    if (pairs != source.wanted().size()) {
      wrong.add("there are " + pairs + " pairs instead of " + source.wanted().size());
    }
    return wrong;
  }

  /** As docs/migrating.md has it: hexadecimal digits out of PostgreSQL, which Kyoto reads. */
  private static void back(Tree tree, Path folder) throws Exception {
    Path file = folder.resolve("back.hex");
    try (Connection connection = tree.connect();
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut(
              "COPY (SELECT encode(key, 'hex'), encode(value, 'hex') FROM "
                  + THERE_AND_BACK
                  + ") TO STDOUT",
              out);
    }
    RealSources.run(folder, "output", "kctreemgr", "import", "-sx", "back.kct", file.toString());
    Path list = RealSources.run(folder, "back", "kctreemgr", "list", "-pv", "-px", "back.kct");
    if (Files.mismatch(list, folder.resolve("sums.kyoto-hex")) >= 0) {
      throw new AssertionError("what came back to a Kyoto Cabinet is not what was loaded");
    }
    System.out.println("a Kyoto Cabinet that was loaded has come back as it was");
  }

  /** A check that finds nothing wrong has to find it when it is. */
  private static void change(Tree tree, RealSource source) throws Exception {
    tree.sql(
        "UPDATE %1$s SET value = value || '{\"Size\": \"0\"}' WHERE key = (SELECT min(key) FROM %1$s)"
            .formatted(source.database()));
    tree.sql("SELECT quicksilver.wait_for_propagation('" + source.database() + "', 1, '2 min')");
    Ended ended = compare(tree, source);
    require(ended, 1, (source.wanted().size() - 1) + " equal 0 missing 0 additional 1 different");
    if (wrong(tree, source).size() != 1) {
      throw new AssertionError("a pair was changed, and " + wrong(tree, source) + " are wrong");
    }
    System.out.println("one pair was changed: both checks find it");
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/**
 * {@code gateway.replace-root}: random trees under random writes, in which the root and any number
 * of relays are killed with SIGKILL at once, again and again. Each time a random node or backup
 * that is complete up to where the slot was confirmed becomes the root; one that is not has to be
 * refused. Nothing may be lost, the history has to be the same, and no node may copy anew.
 */
final class ReplaceRootBar implements Bar {
  /** How often a tree's root is lost before there is another tree. */
  private static final int LOSSES = 5;

  private static final int LONGEST_MESSAGE = 4_000;

  private int excused;

  @Override
  public String name() {
    return "gateway.replace-root";
  }

  @Override
  public String description() {
    return "histories in which the root is lost and a complete replica or backup becomes the root";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int histories = settings.size(50, LOSSES);
    Path folder = Files.createTempDirectory("quicksilver-replace-root-");
    int done = 0;
    int good = 0;
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder().directory(folder.resolve("postgresql")).start()) {
      for (int tree = 0; done < histories; tree++) {
        int wanted = Math.min(LOSSES, histories - done);
        int right = tree(postgres, folder.resolve("tree-" + tree), settings.seed() + tree, wanted);
        good += right;
        done += Math.min(right + 1, wanted);
      }
    } finally {
      if (good == histories) {
        Folders.remove(folder);
      }
    }
    if (good < histories) {
      System.out.println("the logs are in " + folder);
    }
    if (excused > 0) {
      System.out.println(
          excused + " new copies of databases since a new root had just begun itself");
    }
    return new Outcome(good + " of " + histories, ">= " + histories, good == histories);
  }

  /** Returns how many histories of a tree went well; the first that does not is its last. */
  private int tree(EmbeddedPostgres postgres, Path folder, long seed, int histories)
      throws Exception {
    Random random = new Random(seed);
    String database = "t" + Long.toUnsignedString(seed, 36);
    int good = 0;
    try (ReplaceRootTree tree = new ReplaceRootTree(postgres, database, folder, random)) {
      ReplaceRootTables tables = new ReplaceRootTables(random);
      List<String> backups = new ArrayList<>();
      try (ReplaceRootWriters writers =
          new ReplaceRootWriters(postgres, database, tables, random)) {
        tree.startAll();
        tables.begin(tree.sql());
        boolean idle = random.nextBoolean();
        System.out.printf(
            Locale.ROOT,
            "seed %d: %s, confirmed after %s%n",
            seed,
            tree.replicas(),
            tree.confirmAfter());
        for (int i = 1; i <= histories; i++) {
          ReplaceRootHistory history =
              new ReplaceRootHistory(tree, tables, writers, backups, random);
          long began = System.nanoTime();
          try {
            history.run(idle);
            good++;
            excused += history.excused();
          } catch (Exception | AssertionError e) {
            System.out.printf(
                Locale.ROOT, "  %d: FAILED after %s: %s%n", i, history.said(), brief(e));
            break;
          }
          System.out.printf(
              Locale.ROOT,
              "  %d: %s (%.0f s)%n",
              i,
              history.said(),
              (System.nanoTime() - began) / 1e9);
          idle = !idle;
        }
      }
    }
    removeData(folder);
    return good;
  }

  private static String brief(Throwable e) {
    String all = e.toString();
    return all.substring(0, Math.min(all.length(), LONGEST_MESSAGE));
  }

  /** Leaves the logs. */
  private static void removeData(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      for (Path each : all.filter(path -> !path.endsWith("logs")).toList()) {
        Folders.remove(each);
      }
    }
  }
}

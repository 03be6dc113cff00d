package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * {@code storage.crash}: a process that commits durably is killed with SIGKILL at random moments
 * and at each fail point, beside two reader processes that verify the database all the time. After
 * each kill the database must open, verify, and hold exactly what some commit left that is not
 * older than the last acknowledged one. In turns, some writers keep a long log and the next ones
 * trim it. Then {@link TornWrites}: what a power failure may leave.
 */
final class CrashBar implements Bar {
  private static final List<String> COMMIT_POINTS =
      List.of("storage.before-commit", "storage.after-commit");
  private static final List<String> COPY_POINTS =
      List.of(
          "copy.before-start",
          "copy.after-start",
          "copy.after-mark",
          "copy.before-commit",
          "copy.after-commit",
          "copy.before-verify",
          "copy.before-finish",
          "copy.after-sync",
          "copy.after-unmark",
          "copy.after-finish");
  private static final List<String> COMPACTION_POINTS =
      List.of(
          "storage.before-copy",
          "storage.before-copy-sync",
          "storage.after-copy-sync",
          "storage.before-use",
          "storage.after-use");
  private static final List<String> LOAD_POINTS =
      List.of("load.before-finish", "load.after-finish");
  private static final String DISCARD_POINT = "copy.between-discards";
  private static final String REPLACE_POINT = "storage.between-generations";
  private static final int WRITERS_A_SCHEDULE = 25;
  private static final int COMMITS_OF_A_LONG_LOG = 300;

  /** Returns the fail points that it halts processes at. */
  static Set<String> points() {
    Set<String> points = new TreeSet<>(COMMIT_POINTS);
    points.addAll(COPY_POINTS);
    points.addAll(COMPACTION_POINTS);
    points.addAll(LOAD_POINTS);
    points.add(DISCARD_POINT);
    points.add(REPLACE_POINT);
    return points;
  }

  @Override
  public String name() {
    return "storage.crash";
  }

  @Override
  public String description() {
    return "a writer killed at 1,000 random moments and every fail point, beside two readers; torn"
        + " and dropped pages";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int kills = settings.size(1_000, 15);
    int rounds = settings.size(10, 1);
    int torn = settings.size(2_000, 40);
    Path data = Files.createTempDirectory("quicksilver-crash-");
    Random random = new Random(settings.seed());
    try {
      try (DatabaseSet set = DatabaseSet.open(data, CrashModel.OPTIONS)) {
        set.create(CrashModel.IDENTITY);
      }
      CrashModel model = new CrashModel(settings.seed());
      DatabaseDirectory directory = new DatabaseDirectory(data);
      long looks = 0;
      long longest;
      int points = 0;
      Path folder = directory.environment(CrashModel.IDENTITY.name()).orElseThrow();
      try (StorageChild one = StorageChild.start("", "read", folder.toString());
          StorageChild two = StorageChild.start("", "read", folder.toString())) {
        require("ready".equals(one.line()) && "ready".equals(two.line()), "a reader failed");
        longest = killAtRandom(folder, model, kills, random, settings.seed());
        for (int round = 0; round < rounds; round++) {
          for (String point : COMMIT_POINTS) {
            String armed = point + ":" + (1 + random.nextInt(20));
            try (StorageChild writer = writer(armed, folder, settings.seed(), round)) {
              require("ready".equals(writer.line()), "the writer did not start");
              writer.go();
              check(folder, model, acknowledged(writer, 0));
              require(writer.exitCode() == 137, "the writer passed " + armed);
            }
            points++;
          }
          Path copy = data.resolve("copy-" + round);
          for (String point : COPY_POINTS) { // each resumes what the one before left
            haltAt(point, "copy", folder.toString(), copy.toString());
            check(folder, model, model.commit());
            points++;
          }
          check(copy, model, model.commit());
        }
        for (StorageChild reader : List.of(one, two)) {
          require(reader.isAlive(), "a reader ended");
          reader.go();
          looks += Long.parseLong(String.valueOf(reader.line()));
          require(reader.exitCode() == 0, "a reader failed");
        }
      }
      for (String point : COMPACTION_POINTS) {
        haltAt(point, "compact", data.toString());
        check(directory.environment("crash").orElseThrow(), model, model.commit());
        points++;
      }
      Path boot = data.resolve("boot-id");
      Files.writeString(boot, "the first");
      Path loaded = data.resolve("loaded");
      haltAt("copy.after-commit", "load", loaded.toString(), boot.toString());
      Files.writeString(boot, "the next"); // so what was loaded may be torn
      haltAt(DISCARD_POINT, "load", loaded.toString(), boot.toString());
      points++;
      for (String point : LOAD_POINTS) { // the second goes on with what the first left
        haltAt(point, "load", loaded.toString(), boot.toString());
        points++;
      }
      try (Database database = Database.open(loaded, CrashModel.OPTIONS)) {
        long pairs = Verifier.verify(database, VerifyProgress.NONE).requireClean().pairs();
        require(pairs == StorageChild.LOADED, pairs + " pairs were loaded");
      }
      haltAt(REPLACE_POINT, "replace", data.toString());
      checkSuccessor(directory.environment("crash").orElseThrow());
      points++;
      System.out.printf(
          "%,d commits; both readers verified without end, up to sequences that sum up to %,d;"
              + " the longest log verified after a kill had %,d entries%n",
          model.commit(), looks, longest);
      for (StorageOptions options : List.of(CrashModel.OPTIONS, CrashModel.LONG_LOG)) {
        Path folderOfTorn = Files.createTempDirectory(data, "torn");
        TornWrites writes = new TornWrites(folderOfTorn, settings.seed(), options);
        writes.run(torn / 2);
        System.out.println("a power failure in copies: " + writes + ", each clean");
        Folders.remove(folderOfTorn);
      }
      return new Outcome(
          String.format(
              "%,d kills, %d halts at %d fail points, %,d torn copies: each clean, nothing"
                  + " acknowledged lost",
              kills, points, points().size(), torn),
          "= clean, nothing lost",
          true);
    } finally {
      Folders.remove(data);
    }
  }

  /** Whether the writers of this number keep a long log. */
  private static boolean keepsLog(int number) {
    return number / WRITERS_A_SCHEDULE % 2 == 0;
  }

  /** A killed writer does not get far, so a long log begins with commits of this process. */
  private static void fillLog(Path folder, long seed) {
    try (Database database = Database.open(folder, CrashModel.LONG_LOG)) {
      long commit = database.head().position().lsn();
      for (int i = 0; i < COMMITS_OF_A_LONG_LOG; i++) {
        CrashModel.commit(database, seed, ++commit);
      }
    }
  }

  private static StorageChild writer(String point, Path folder, long seed, int number)
      throws IOException {
    String log = keepsLog(number) ? "long" : "short";
    return StorageChild.start(point, "write", folder.toString(), Long.toString(seed), log);
  }

  /**
   * The next writer starts while the one before it works: JVMs take longer to start than to die.
   * Returns the entries of the longest log that was verified.
   */
  private static long killAtRandom(
      Path folder, CrashModel model, int kills, Random random, long seed) throws Exception {
    long longest = 0;
    StorageChild next = writer("", folder, seed, 0);
    try {
      for (int kill = 0; kill < kills; kill++) {
        if (keepsLog(kill) && kill % WRITERS_A_SCHEDULE == 0) {
          fillLog(folder, seed);
        }
        try (StorageChild writer = next) {
          next = writer("", folder, seed, kill + 1);
          require("ready".equals(writer.line()), "the writer did not start");
          writer.go();
          long acknowledged = 0;
          String line = writer.line();
          if (line != null) {
            acknowledged = Long.parseLong(line);
          }
          TimeUnit.NANOSECONDS.sleep(random.nextInt(100_000_000));
          writer.kill();
          longest = Math.max(longest, check(folder, model, acknowledged(writer, acknowledged)));
        }
        if ((kill + 1) % 100 == 0) {
          System.out.printf("%,d kills, %,d commits%n", kill + 1, model.commit());
        }
      }
      return longest;
    } finally {
      next.close();
    }
  }

  /** Returns the last commit that the writer said was durable before it died. */
  private static long acknowledged(StorageChild writer, long before) {
    long last = before;
    for (String line = writer.line(); line != null; line = writer.line()) {
      try {
        last = Math.max(last, Long.parseLong(line));
      } catch (NumberFormatException cutShort) {
        break;
      }
    }
    return last;
  }

  private static void haltAt(String point, String... arguments) throws Exception {
    try (StorageChild child = StorageChild.start(point, arguments)) {
      require(child.exitCode() == 137, "it passed " + point);
    }
  }

  /** Returns how many entries the log held. */
  private static long check(Path folder, CrashModel model, long acknowledged) {
    try (Database database = Database.open(folder, CrashModel.OPTIONS)) {
      model.requireSame(database);
      require(
          model.commit() >= acknowledged,
          "commit " + acknowledged + " was acknowledged and is lost; stands at " + model.commit());
      return Verifier.verify(database, VerifyProgress.NONE).requireClean().entries();
    }
  }

  private static void checkSuccessor(Path folder) {
    try (Database database = Database.open(folder, CrashModel.OPTIONS)) {
      require(database.identity().equals(CrashModel.SUCCESSOR), "it is the database before");
      require(
          Verifier.verify(database, VerifyProgress.NONE).requireClean().pairs() == 0,
          "it is not empty");
    }
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }
}

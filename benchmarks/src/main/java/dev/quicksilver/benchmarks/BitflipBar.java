package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code storage.bitflip}: flips single bits of a copy under a process that reads all of it. The
 * process is another one, since a damaged page must not crash it either. A key that silently
 * vanishes is a wrong answer too.
 */
final class BitflipBar implements Bar {
  /** What came of a flip, or of a process. */
  enum Result {
    UNSEEN,
    REFUSED,
    WRONG_VALUE,
    VANISHED_BUT_VERIFY_TELLS,
    VANISHED,
    CRASHED,
    HUNG
  }

  private static final int COMMITS = 60;

  @Override
  public String name() {
    return "storage.bitflip";
  }

  @Override
  public String description() {
    return "10,000 single bits flipped in data pages of a copy: no read returns a wrong value";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int flips = settings.size(10_000, 500);
    Path folder = Files.createTempDirectory("quicksilver-bitflip-");
    try {
      try (Database database =
          Database.create(
              folder.resolve("live"),
              CrashModel.IDENTITY,
              CrashModel.OPTIONS.withoutDurability())) {
        for (int commit = 1; commit <= COMMITS; commit++) {
          CrashModel.commit(database, settings.seed(), commit);
        }
        SnapshotCopy.copy(database, folder.resolve("copy"), VerifyProgress.NONE);
      }
      Map<Result, Integer> results = new EnumMap<>(Result.class);
      // half of the flips in a copy without free pages, half in the file as it grew, whose free
      // pages still hold what was true once
      byte[] compact = Files.readAllBytes(folder.resolve("copy/data.mdb"));
      byte[] grown = Files.readAllBytes(folder.resolve("live/data.mdb"));
      int done = 0;
      while (done < flips) {
        boolean first = done < flips / 2;
        Files.write(folder.resolve("copy/data.mdb"), first ? compact : grown);
        done =
            someFlips(
                folder.resolve("copy"), settings.seed(), done, first ? flips / 2 : flips, results);
      }
      System.out.printf(
          "%,d and %,d bytes, %,d flips: %s%n", compact.length, grown.length, flips, results);
      int wrong = results.getOrDefault(Result.WRONG_VALUE, 0);
      int vanished =
          results.getOrDefault(Result.VANISHED, 0)
              + results.getOrDefault(Result.VANISHED_BUT_VERIFY_TELLS, 0);
      int ended = results.getOrDefault(Result.CRASHED, 0) + results.getOrDefault(Result.HUNG, 0);
      return new Outcome(
          String.format(
              "%d wrong values, %d vanished or misplaced keys, %d crashes or hangs in %,d flips",
              wrong, vanished, ended, flips),
          "= 0, 0 and 0",
          wrong == 0 && vanished == 0 && ended == 0);
    } finally {
      Folders.remove(folder);
    }
  }

  /** Has a process do as many flips as it survives; returns how many are done then. */
  private static int someFlips(
      Path copy, long seed, int from, int flips, Map<Result, Integer> results) throws Exception {
    int done = from;
    try (StorageChild child =
        StorageChild.start(
            "",
            BitflipReader.class,
            copy.toString(),
            Long.toString(seed),
            Integer.toString(from),
            Integer.toString(flips),
            Integer.toString(COMMITS))) {
      while (done < flips) {
        String line;
        try {
          line =
              CompletableFuture.supplyAsync(() -> String.valueOf(child.line()))
                  .get(20, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
          child.kill();
          results.merge(Result.HUNG, 1, Integer::sum);
          return done + 1;
        }
        Result result = BitflipReader.result(line);
        if (result == null) {
          results.merge(Result.CRASHED, 1, Integer::sum);
          return done + 1;
        }
        results.merge(result, 1, Integer::sum);
        done++;
      }
    }
    return done;
  }
}

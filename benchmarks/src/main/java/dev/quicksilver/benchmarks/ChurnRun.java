package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A churn through our own write path, every commit durable. */
final class ChurnRun {
  private static final int PIECE = 4_080;

  /** Branch and leaf pages, and the free list: pages in a hundred of the pieces, and a few more. */
  private static final double OVERHEAD = 1.03;

  private static final int FEW_PAGES = 64;
  private static final int TENTHS = 10;

  private final Database database;
  private final Path folder;
  private final Peer peer;
  private final byte[] noise = new byte[2 << 20];
  private final Random random;
  private long commitNumber;
  private int refused;
  private int refusedThoughItFitted;

  ChurnRun(Path folder, Peer peer, long map, long log, long seed) {
    this.folder = folder;
    this.peer = peer;
    StorageOptions options = StorageSample.KEEPING_LOG.withMapSize(map);
    database =
        Database.create(folder, StorageSample.IDENTITY, options.withLog(options.logMaxAge(), log));
    random = new Random(seed);
    random.nextBytes(noise);
  }

  /** Runs the script, then, with a tight map, fills it to the brim. */
  Churned run(ChurnScript script, boolean toTheBrim) throws Exception {
    try (database) {
      double[] millis = new double[script.commits().size() - script.filling()];
      long live = 0;
      int[] lengths = new int[1 << 20];
      long written = 0;
      long began = System.nanoTime();
      for (int i = 0; i < script.commits().size(); i++) {
        if (i == script.filling()) {
          written = 0;
          began = System.nanoTime();
        }
        List<ChurnScript.Change> changes = script.commits().get(i);
        long start = System.nanoTime();
        boolean done = commit(changes);
        if (i >= script.filling()) {
          millis[i - script.filling()] = (System.nanoTime() - start) / 1e6;
          progress(millis, i - script.filling() + 1);
        }
        if (done) {
          for (ChurnScript.Change change : changes) {
            live += change.length() - lengths[change.key()];
            lengths[change.key()] = change.length();
            written += change.length();
          }
        }
      }
      double rate = written * 1e3 / (System.nanoTime() - began);
      Churned churned = Churned.of(millis, rate, live + logBytes(), database.fileBytes(), refused);
      if (toTheBrim) {
        fillToTheBrim();
      }
      Verifier.verify(database, VerifyProgress.NONE).requireClean();
      return churned.with(refusedThoughItFitted);
    }
  }

  private static void progress(double[] millis, int done) {
    int tenth = Math.max(1, millis.length / TENTHS);
    if (done % tenth == 0) {
      double[] part = Arrays.copyOfRange(millis, done - tenth, done);
      System.out.printf(
          "  ours, %2d/10 done: commit p50 %.2f ms, p99 %.2f ms%n",
          done / tenth, Churned.quantile(part, 0.5), Churned.quantile(part, 0.99));
    }
  }

  private boolean commit(List<ChurnScript.Change> changes) throws Exception {
    try (Appender appender = database.append()) {
      commitNumber++;
      appender.begin(commitNumber, commitNumber);
      for (ChurnScript.Change change : changes) {
        byte[] key = ("key " + change.key()).getBytes(StandardCharsets.US_ASCII);
        if (change.length() == 0) {
          appender.delete(key);
        } else {
          int from = random.nextInt(1 << 20);
          appender.set(key, Arrays.copyOfRange(noise, from, from + change.length()));
        }
      }
      appender.end(new Position(1, 1, commitNumber));
      appender.commit();
      return true;
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NO_SPACE) {
        throw e;
      }
    }
    refused++;
    if (fits(changes)) {
      refusedThoughItFitted++;
    }
    return false;
  }

  /**
   * Whether a refused commit would have fitted into the pages that LMDB may use for it: those on
   * the free list that no older commit holds, and those beyond the end of the file up to the map.
   * Each value is written twice, into the data and into the log.
   */
  private boolean fits(List<ChurnScript.Change> changes) throws Exception {
    long pieces = 0;
    for (ChurnScript.Change change : changes) {
      pieces += 2L * ((change.length() + PIECE - 1) / PIECE);
    }
    double free = peer.figures("pages", folder)[0];
    double needed = pieces * OVERHEAD + FEW_PAGES;
    System.out.printf("  a commit of %,d pieces was refused with %,.0f free pages%n", pieces, free);
    return needed <= free;
  }

  /** New keys, so that nothing is freed but what the log gives back, until no more goes in. */
  private void fillToTheBrim() throws Exception {
    int before = refused;
    int key = 1 << 24;
    while (refused == before) {
      commit(List.of(new ChurnScript.Change(key++, 1_000_000)));
    }
    double[] pages = peer.figures("pages", folder);
    System.out.printf(
        "  filled to the brim: %,.0f of %,.0f pages in use (%.1f %%)%n",
        pages[3], pages[2], 100 * pages[3] / pages[2]);
    refused = before;
  }

  private long logBytes() {
    long bytes = 0;
    LogReader reader = database.readLog(database.head().oldestSequence());
    for (BlockHeader block = reader.nextBlock(); block != null; block = reader.nextBlock()) {
      bytes += BlockHeader.LENGTH + block.bodyLength();
    }
    return bytes;
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/**
 * What a power failure may leave of a commit. LMDB writes the pages of a commit in any order, waits
 * for the disk, and then writes one of the two meta pages. So there are two cases, and both are
 * made here from the file before the commit and the file after it:
 *
 * <ul>
 *   <li>the failure came before the meta page: each page is there, is missing, or is torn between
 *       two sectors, and the file has grown by any length or not at all; the database must be the
 *       one before the commit;
 *   <li>it came while the meta page was written: all other pages are there, and the meta page is
 *       torn; the database must be the one before or the one after, whichever the meta page's
 *       transaction id says.
 * </ul>
 */
final class TornWrites {
  private static final int PAGE = 4_096;
  private static final int SECTOR = 512;
  private static final int META_PAGES = 2 * PAGE;
  private static final int TRIALS_A_COMMIT = 5;

  private final Path folder;
  private final long seed;
  private final StorageOptions options;
  private final Random random;
  private long before;
  private long after;

  /**
   * @param folder where everything happens
   * @param options decide whether the log is long
   */
  TornWrites(Path folder, long seed, StorageOptions options) {
    this.folder = folder;
    this.seed = seed;
    this.options = options.withoutDurability(); // the same pages, without waiting for them
    this.random = new Random(seed);
  }

  /** Tears commit after commit; throws if one database is not what it must be. */
  void run(int trials) throws IOException {
    Path live = folder.resolve("live");
    CrashModel model = new CrashModel(seed);
    try (Database database = Database.create(live, CrashModel.IDENTITY, options)) {
      CrashModel.commit(database, seed, 1);
      model.follow(1);
      for (long commit = 2; before + after < trials; commit++) {
        byte[] old = Files.readAllBytes(live.resolve("data.mdb"));
        CrashModel.commit(database, seed, commit);
        byte[] next = Files.readAllBytes(live.resolve("data.mdb"));
        for (int i = 0; i < TRIALS_A_COMMIT; i++) {
          look(withoutMeta(old, next), model, commit - 1);
          before++;
        }
        int torn = 1 + random.nextInt(PAGE / SECTOR);
        look(withTornMeta(old, next, 0), model, commit - 1);
        // The part of a meta page that is written ends with its transaction id.
        look(withTornMeta(old, next, random.nextInt(metaChange(old, next))), model, commit - 1);
        look(withTornMeta(old, next, torn * SECTOR), model, commit);
        before += 2;
        after++;
      }
    }
  }

  /** Returns how often the commit before had to be there, and how often the torn one. */
  @Override
  public String toString() {
    return String.format("%,d torn before, %,d after the meta page", before, after);
  }

  private byte[] withoutMeta(byte[] old, byte[] next) {
    int grown = Math.max(0, next.length - old.length);
    int length =
        switch (random.nextInt(3)) {
          case 0 -> old.length;
          case 1 -> old.length + grown;
          default -> old.length + random.nextInt(grown / SECTOR + 1) * SECTOR;
        };
    byte[] image = Arrays.copyOf(old, length);
    for (int page = META_PAGES; page < image.length; page += PAGE) {
      switch (random.nextInt(3)) {
        case 0 -> copy(next, image, page, page + PAGE);
        case 1 -> {
          for (int sector = page; sector < page + PAGE; sector += SECTOR) {
            if (random.nextBoolean()) {
              copy(next, image, sector, sector + SECTOR);
            }
          }
        }
        default -> {} // dropped
      }
    }
    return image;
  }

  /** Returns the file after the commit with so many bytes of its new meta page. */
  private static byte[] withTornMeta(byte[] old, byte[] next, int bytes) {
    byte[] image = next.clone();
    int meta = Arrays.mismatch(old, next) / PAGE * PAGE;
    System.arraycopy(old, meta + bytes, image, meta + bytes, PAGE - bytes);
    return image;
  }

  /** Returns the offset in the meta page of the last byte that the commit changed. */
  private static int metaChange(byte[] old, byte[] next) {
    int meta = Arrays.mismatch(old, next) / PAGE * PAGE;
    int last = PAGE - 1;
    while (old[meta + last] == next[meta + last]) {
      last--;
    }
    return last;
  }

  private static void copy(byte[] from, byte[] to, int begin, int end) {
    int limit = Math.min(end, Math.min(from.length, to.length));
    if (begin < limit) {
      System.arraycopy(from, begin, to, begin, limit - begin);
    }
  }

  private void look(byte[] image, CrashModel model, long commit) throws IOException {
    Path copy = Files.createDirectories(folder.resolve("torn"));
    Files.deleteIfExists(copy.resolve("lock.mdb"));
    Files.write(copy.resolve("data.mdb"), image);
    try (Database database = Database.open(copy, options)) {
      model.requireSame(database);
      if (model.commit() != commit) {
        throw new AssertionError("stands at commit " + model.commit() + ", not at " + commit);
      }
      Verifier.verify(database, VerifyProgress.NONE).requireClean();
    }
  }
}

package dev.quicksilver.benchmarks;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * The overwrites and deletes of {@code storage.churn}, the same for us and for the C peer: first
 * every key once, which is not measured, then random keys, one change in ten a delete. Lengths are
 * log-uniform from 1 kB to 1 MB.
 *
 * @param commits the changes of each commit
 * @param filling how many of the commits fill
 * @param mostLive the most bytes of values that ever live at one time
 */
record ChurnScript(List<List<Change>> commits, int filling, long mostLive) {
  private static final int PER_COMMIT = 4;
  private static final double SHARE_OF_DELETES = 0.1;
  private static final int SHORTEST = 1_000;
  private static final double LONGEST_OVER_SHORTEST = 1_000;
  private static final double MEAN_LENGTH =
      SHORTEST * (LONGEST_OVER_SHORTEST - 1) / Math.log(LONGEST_OVER_SHORTEST);

  /**
   * A new value or, with length 0, a delete.
   *
   * @param key its number
   * @param length of the value in bytes
   */
  record Change(int key, int length) {}

  static ChurnScript make(long live, long written, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("Xoroshiro128PlusPlus").create(seed);
    int keys = (int) (live / (MEAN_LENGTH * (1 - SHARE_OF_DELETES)));
    int[] lengths = new int[keys];
    List<List<Change>> commits = new ArrayList<>();
    long now = 0;
    long most = 0;
    long sum = 0;
    int filling = -1;
    for (int filled = 0; sum < written; ) {
      if (filled >= keys && filling < 0) {
        filling = commits.size();
        sum = 0;
      }
      List<Change> changes = new ArrayList<>();
      for (int i = 0; i < PER_COMMIT; i++) {
        int key = filled < keys ? filled++ : random.nextInt(keys);
        boolean delete = random.nextDouble() < SHARE_OF_DELETES;
        int length =
            delete ? 0 : (int) (SHORTEST * Math.pow(LONGEST_OVER_SHORTEST, random.nextDouble()));
        changes.add(new Change(key, length));
        now += length - lengths[key];
        lengths[key] = length;
        sum += length;
      }
      most = Math.max(most, now);
      commits.add(changes);
    }
    return new ChurnScript(commits, filling, most);
  }

  /** Writes it as the C peer reads it. */
  void write(Path file) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      for (int i = 0; i < commits.size(); i++) {
        if (i == filling) {
          out.writeLong(0xfffffffeL << 32);
        }
        for (Change change : commits.get(i)) {
          out.writeInt(change.key());
          out.writeInt(change.length());
        }
        out.writeLong(0xffffffffL << 32);
      }
    }
  }
}

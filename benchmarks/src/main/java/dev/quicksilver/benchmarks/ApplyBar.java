package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.BulkLoad;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * {@code storage.apply}: what a replica does with blocks, against bare durable puts from C, both
 * waiting for the disk at each commit; and a load of sorted pairs, against C's {@code MDB_APPEND}.
 *
 * <p>A load promises nothing before it is finished, and that all is on the disk then. C is measured
 * in both ways to end there: waiting for the disk at each commit, and once, after the last one. The
 * ratio is that to the faster of the two. The wait for the disk is in every figure.
 */
final class ApplyBar implements Bar {
  private static final int BATCH = 1_000;
  private static final double APPLY_LIMIT = 0.5;
  private static final int ROUNDS = 5;
  private static final double APPEND_LIMIT = 0.7;

  @Override
  public String name() {
    return "storage.apply";
  }

  @Override
  public String description() {
    return "1 M entries applied in durable blocks of 1000, and 10 M sorted appends, against C";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int entries = settings.size(1_000_000, 100_000);
    int sorted = settings.size(10_000_000, 500_000);
    Path folder = Files.createTempDirectory("quicksilver-apply-");
    try {
      Peer peer = Peer.compile(folder);
      double apply = apply(folder, entries);
      double put = peer.rate("put", folder.resolve("c-put"), entries, BATCH, Peer.Sync.EACH_COMMIT);
      System.out.printf("apply %,.0f/s, C put %,.0f/s, %.2f%n", apply, put, apply / put);
      double appended = appendRatio(folder, peer, sorted, settings.size(ROUNDS, 1));
      return new Outcome(
          String.format(
              "apply %.2f × C put, sorted append %.2f × C MDB_APPEND", apply / put, appended),
          "≥ 0.5 and ≥ 0.7",
          apply / put >= APPLY_LIMIT && appended >= APPEND_LIMIT);
    } finally {
      Folders.remove(folder);
    }
  }

  /**
   * Takes turns with C, since a shared disk is faster in one minute than in the next; returns the
   * middle ratio.
   */
  private static double appendRatio(Path folder, Peer peer, int pairs, int rounds)
      throws Exception {
    double[] ratios = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      Path ours = folder.resolve("sorted");
      double append = append(ours, pairs);
      Folders.remove(ours);
      double atTheEnd = bareAppend(folder, peer, pairs, Peer.Sync.AT_THE_END);
      double each = bareAppend(folder, peer, pairs, Peer.Sync.EACH_COMMIT);
      ratios[round] = append / Math.max(atTheEnd, each);
      System.out.printf(
          "append %,.0f/s; C with one sync at the end %,.0f/s, with one a commit %,.0f/s; %.2f%n",
          append, atTheEnd, each, ratios[round]);
    }
    Arrays.sort(ratios);
    return ratios[rounds / 2];
  }

  /** All commit 100,000 pairs at a time. */
  private static double bareAppend(Path folder, Peer peer, int pairs, Peer.Sync sync)
      throws Exception {
    Path theirs = folder.resolve("c-append");
    double rate = peer.rate("append", theirs, pairs, 100_000, sync);
    Folders.remove(theirs);
    return rate;
  }

  private static double append(Path folder, int pairs) {
    long began = System.nanoTime();
    try (BulkLoad load =
        BulkLoad.begin(folder, StorageSample.IDENTITY, 1, StorageSample.KEEPING_LOG)) {
      Peer.Keys keys = new Peer.Keys();
      byte[] value = StorageSample.value();
      for (int i = 0; i < pairs; i++) {
        value[0] = (byte) i;
        value[1] = (byte) (i >> 8);
        load.add(keys.key(i), value);
      }
      load.finish(new Position(1, 1, 1));
    }
    return pairs * 1e9 / (System.nanoTime() - began);
  }

  private static double apply(Path folder, int entries) throws IOException {
    try (Database source =
            Database.create(
                folder.resolve("source"),
                StorageSample.IDENTITY,
                StorageSample.KEEPING_LOG.withoutDurability());
        Database copy =
            Database.create(
                folder.resolve("copy"), StorageSample.IDENTITY, StorageSample.KEEPING_LOG)) {
      StorageSample.fill(source, entries, BATCH, false);
      LogReader reader = source.readLog(1);
      long began = System.nanoTime();
      for (BlockHeader block = reader.nextBlock(); block != null; block = reader.nextBlock()) {
        try (Applier applier = copy.apply()) {
          applier.apply(block, reader::nextSegment);
          applier.commit();
        }
      }
      double rate = entries * 1e9 / (System.nanoTime() - began);
      if (!copy.head().equals(source.head())) {
        throw new AssertionError("the copy differs from its source");
      }
      return rate;
    }
  }
}

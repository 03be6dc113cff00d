package dev.quicksilver.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** {@code storage.get}: random look-ups, checked, against C LMDB's unchecked ones. */
final class GetBar implements Bar {
  private static final double LIMIT = 0.8;
  private static final int COUNTED = 1_000_000;

  @Override
  public String name() {
    return "storage.get";
  }

  @Override
  public String description() {
    return "random get of 100-byte values in 1 M keys, CRC checked, transaction renewed, against C";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 200_000);
    int seconds = 1; // short turns: what the machine does besides then hits both alike
    int rounds = settings.size(51, 7);
    Path folder = Files.createTempDirectory("quicksilver-get-");
    try (Database database =
        Database.create(
            folder.resolve("ours"),
            StorageSample.IDENTITY,
            StorageSample.SMALL_LOG.withoutDurability())) {
      Peer peer = Peer.compile(folder);
      StorageSample.fill(database, pairs, 100_000, true);
      gets(database, pairs, seconds); // warms up
      peer.rate("get", folder.resolve("peer"), pairs, 1, Peer.Sync.NEVER);
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        double here = gets(database, pairs, seconds);
        double there = peer.rate("get", folder.resolve("peer"), pairs, seconds, Peer.Sync.NEVER);
        System.out.printf("ours %,.0f/s, C %,.0f/s, %.2f%n", here, there, here / there);
        ratios[round] = here / there;
      }
      long allocated = allocated(database, pairs);
      System.out.printf("%,d bytes allocated in %,d gets%n", allocated, COUNTED);
      Arrays.sort(ratios);
      double ratio = ratios[rounds / 2];
      return new Outcome(
          String.format(
              "%.2f × C (median), %.2f bytes allocated a get", ratio, allocated / (double) COUNTED),
          "≥ 0.8 × C, 0 bytes",
          ratio >= LIMIT && allocated / COUNTED == 0);
    } finally {
      Folders.remove(folder);
    }
  }

  private static double gets(Database database, int pairs, int seconds) {
    Peer.Keys keys = new Peer.Keys();
    PairBuffer buffer = new PairBuffer();
    long done = 0;
    long began = System.nanoTime();
    long end = began + TimeUnit.SECONDS.toNanos(seconds);
    try (Snapshot snapshot = database.snapshot()) {
      while (System.nanoTime() < end) {
        done += some(snapshot, keys, pairs, buffer, 1_000);
      }
    }
    return done * 1e9 / (System.nanoTime() - began);
  }

  private static int some(
      Snapshot snapshot, Peer.Keys keys, int pairs, PairBuffer buffer, int times) {
    for (int i = 0; i < times; i++) {
      snapshot.renew();
      if (!snapshot.get(keys.key(keys.below(pairs)), Peer.KEY_BYTES, buffer)) {
        throw new AssertionError("a key is missing");
      }
    }
    return times;
  }

  private static long allocated(Database database, int pairs) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Peer.Keys keys = new Peer.Keys();
    PairBuffer buffer = new PairBuffer();
    try (Snapshot snapshot = database.snapshot()) {
      some(snapshot, keys, pairs, buffer, 1_000);
      long before = threads.getCurrentThreadAllocatedBytes();
      some(snapshot, keys, pairs, buffer, COUNTED);
      return threads.getCurrentThreadAllocatedBytes() - before;
    }
  }
}

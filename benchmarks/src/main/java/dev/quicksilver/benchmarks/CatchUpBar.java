package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.PairBuffer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * {@code replication.catchup}: a replica that is a million entries behind a node in another
 * process, against the storage engine that applies the same blocks alone, with commits as far
 * apart. Then once more with a thread that reads all the time, whose latency is compared with that
 * before.
 */
final class CatchUpBar implements Bar {
  private static final double RATE_LIMIT = 0.7;
  private static final double READ_LIMIT = 3;
  private static final int BATCH = 1_000;
  private static final int AT_ONCE = 1_000;
  private static final long WARM_SECONDS = 3;

  @Override
  public String name() {
    return "replication.catchup";
  }

  @Override
  public String description() {
    return "a replica 1 M entries of 100 bytes behind, against storage alone; reads meanwhile";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int before = settings.size(200_000, 20_000);
    int behind = settings.size(1_000_000, 100_000);
    int rounds = settings.size(3, 1);
    Path folder = Files.createTempDirectory("quicksilver-catchup-");
    try {
      Path source = folder.resolve("source");
      Path start = folder.resolve("start");
      Head head;
      try (DatabaseSet set =
          DatabaseSet.open(source, StorageSample.KEEPING_LOG.withoutDurability())) {
        Database database = SourceNode.create(set);
        StorageSample.fill(database, before, BATCH, true);
        SystemPackages.run(List.of("cp", "-a", source.toString(), start.toString()));
        StorageSample.fill(database, before, before + behind, BATCH, false);
        head = database.head();
      }
      double[] ratios = new double[rounds];
      double[] reads = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        double alone = rate(folder, start, copy -> storageAlone(source, copy, head), behind);
        double followed = rate(folder, start, copy -> follow(source, copy, head, null), behind);
        Reader reader = new Reader(before, settings.size(4, 1));
        double watched = rate(folder, start, copy -> follow(source, copy, head, reader), behind);
        ratios[round] = followed / alone;
        reads[round] = reader.ratio();
        System.out.printf(
            "entries/s: storage alone %,.0f, replica %,.0f (%.2f), replica with a busy reader"
                + " %,.0f%n  reads in µs: %s%n",
            alone, followed, ratios[round], watched, reader);
      }
      Arrays.sort(ratios);
      Arrays.sort(reads);
      double ratio = ratios[rounds / 2];
      double read = reads[rounds / 2];
      return new Outcome(
          String.format("%.2f × storage alone, read p99.9 %.2f × idle (medians)", ratio, read),
          "≥ 0.7 ×, ≤ 3 ×",
          ratio >= RATE_LIMIT && read <= READ_LIMIT);
    } finally {
      Folders.remove(folder);
    }
  }

  /** Takes a data directory from the start to the head; returns how long that took in ns. */
  @FunctionalInterface
  private interface Way {
    long nanos(Path copy) throws Exception;
  }

  private static double rate(Path folder, Path start, Way way, int entries) throws Exception {
    Path copy = folder.resolve("copy");
    SystemPackages.run(List.of("cp", "-a", start.toString(), copy.toString()));
    SystemPackages.run(List.of("sync"));
    try {
      return entries * 1e9 / way.nanos(copy);
    } finally {
      Folders.remove(copy);
    }
  }

  /** Commits as a replica does: every half second, or after 32 MiB. */
  private static long storageAlone(Path source, Path copy, Head wanted) throws IOException {
    try (DatabaseSet from = DatabaseSet.open(source, StorageSample.KEEPING_LOG);
        DatabaseSet to = DatabaseSet.open(copy, StorageSample.KEEPING_LOG)) {
      ReplicationConfig config = config(1);
      Database database = sample(to);
      LogReader reader = sample(from).readLog(database.head().lastSequence() + 1);
      long began = System.nanoTime();
      BlockHeader block = reader.nextBlock();
      while (block != null) {
        try (Applier applier = database.apply()) {
          long until = System.nanoTime() + config.window().toNanos();
          long bytes = 0;
          do {
            applier.apply(block, reader::nextSegment);
            bytes += block.bodyLength();
            block = reader.nextBlock();
          } while (block != null
              && bytes < config.maxTransactionBytes()
              && System.nanoTime() < until);
          applier.commit();
        }
      }
      long nanos = System.nanoTime() - began;
      requireEqual(database, wanted);
      return nanos;
    }
  }

  private static long follow(Path source, Path copy, Head wanted, @Nullable Reader reader)
      throws Exception {
    try (StorageChild upstream = serve(source);
        DatabaseSet to = DatabaseSet.open(copy, StorageSample.KEEPING_LOG)) {
      Database database = sample(to);
      int port = Integer.parseInt(String.valueOf(upstream.line()));
      if (reader != null) {
        reader.begin(database);
      }
      long began = System.nanoTime();
      long nanos;
      try (Replica replica = Replica.start(config(port), to)) {
        while (database.head().lastSequence() < wanted.lastSequence()) {
          database.awaitCommit(database.head().lastSequence(), TimeUnit.SECONDS.toNanos(1));
          if (System.nanoTime() - began > TimeUnit.MINUTES.toNanos(5)) {
            throw new AssertionError("it did not catch up: " + replica.status());
          }
        }
        nanos = System.nanoTime() - began;
      }
      if (reader != null) {
        reader.end();
      }
      requireEqual(database, wanted);
      return nanos;
    }
  }

  private static StorageChild serve(Path source) throws IOException {
    return StorageChild.start(
        List.of("-Xmx192m", "-XX:TieredStopAtLevel=4"), SourceNode.class, source.toString());
  }

  private static ReplicationConfig config(int port) {
    return ReplicationConfig.of(
        NodeIdentity.create("copy", "here"), List.of(Upstream.primary("127.0.0.1", port)));
  }

  private static Database sample(DatabaseSet set) {
    return set.get(StorageSample.IDENTITY.name()).orElseThrow();
  }

  private static void requireEqual(Database database, Head wanted) {
    Head head = database.head();
    if (!head.chainHash().equals(wanted.chainHash())
        || !head.contentDigest().equals(wanted.contentDigest())) {
      throw new AssertionError("the copy differs from its source: " + head + ", not " + wanted);
    }
  }

  /** A thread that looks up random keys that are there, one after the other. */
  private static final class Reader {
    private final int pairs;
    private final long idleNanos;
    private final Histogram idle = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
    private final Histogram busy = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
    private volatile boolean stopping;
    private @Nullable Thread thread;

    Reader(int pairs, int idleSeconds) {
      this.pairs = pairs;
      this.idleNanos = TimeUnit.SECONDS.toNanos(idleSeconds);
    }

    /** Reads for a while with nothing else going on; when this returns, it reads on. */
    void begin(Database database) {
      Peer.Keys keys = new Peer.Keys();
      PairBuffer buffer = new PairBuffer();
      Histogram warm = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
      try (Snapshot snapshot = database.snapshot()) {
        readUntil(System.nanoTime() + TimeUnit.SECONDS.toNanos(WARM_SECONDS), snapshot, warm);
        readUntil(System.nanoTime() + idleNanos, snapshot, idle);
      }
      thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Snapshot snapshot = database.snapshot()) {
                      while (!stopping) {
                        some(snapshot, keys, buffer, busy);
                      }
                    }
                  });
    }

    private void readUntil(long end, Snapshot snapshot, Histogram into) {
      Peer.Keys keys = new Peer.Keys();
      PairBuffer buffer = new PairBuffer();
      while (System.nanoTime() < end) {
        some(snapshot, keys, buffer, into);
      }
    }

    private void some(Snapshot snapshot, Peer.Keys keys, PairBuffer buffer, Histogram into) {
      for (int i = 0; i < AT_ONCE; i++) {
        byte[] key = keys.key(keys.below(pairs));
        long began = System.nanoTime();
        snapshot.renew();
        snapshot.get(key, Peer.KEY_BYTES, buffer);
        into.recordValue(System.nanoTime() - began);
      }
    }

    void end() throws InterruptedException {
      stopping = true;
      Thread reading = thread;
      if (reading != null) {
        reading.join();
      }
    }

    double ratio() {
      return (double) busy.getValueAtPercentile(99.9) / idle.getValueAtPercentile(99.9);
    }

    @Override
    public String toString() {
      return "idle " + describe(idle) + "; catching up " + describe(busy);
    }

    private static String describe(Histogram times) {
      return String.format(
          "p50 %.2f, p99 %.2f, p99.9 %.2f, longest %,.0f",
          times.getValueAtPercentile(50) / 1e3,
          times.getValueAtPercentile(99) / 1e3,
          times.getValueAtPercentile(99.9) / 1e3,
          times.getMaxValue() / 1e3);
    }
  }
}

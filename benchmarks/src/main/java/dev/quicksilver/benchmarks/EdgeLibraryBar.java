package dev.quicksilver.benchmarks;

import com.sun.management.ThreadMXBean;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.edge.EdgeReader;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.record.PairBuffer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * {@code edge.library}: look-ups of a program that links {@link EdgeReader}, checked, each at the
 * newest commit: against C LMDB's unchecked ones, beside a process that applies a log to the same
 * copy, and from eight threads.
 */
final class EdgeLibraryBar implements Bar {
  private static final double RATIO = 0.8;
  private static final double SPREAD = 1.8;
  private static final long LONGEST = TimeUnit.MICROSECONDS.toNanos(20);
  private static final int THREADS = 8;
  private static final int COUNTED = 1_000_000;

  @Override
  public String name() {
    return "edge.library";
  }

  @Override
  public String description() {
    return "EdgeReader.get of 100-byte values in 1 M keys: bytes allocated, against C, latency"
        + " while another process applies, eight threads";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 200_000);
    Path folder = Files.createTempDirectory("quicksilver-edge-library-");
    try {
      Path origin = folder.resolve("origin");
      Path data = folder.resolve("data");
      String name = StorageSample.IDENTITY.name();
      DatabaseDirectory directory = new DatabaseDirectory(data);
      Path replica = directory.newGeneration(name);
      try (Database made =
          Database.create(
              origin, StorageSample.IDENTITY, StorageSample.SMALL_LOG.withoutDurability())) {
        StorageSample.fill(made, pairs, 100_000, true);
        SnapshotCopy.copy(made, replica, VerifyProgress.NONE);
      }
      directory.use(name, replica);
      Peer peer = Peer.compile(folder);
      try (EdgeReader reader = EdgeReader.open(data, name, StorageSample.SMALL_LOG)) {
        double ratio = ratio(reader, peer, folder, pairs, settings.size(31, 5));
        double spread = spread(reader, peer, folder, pairs, settings.size(15, 3));
        try (StorageChild writer =
            StorageChild.start(
                "",
                EdgeLibraryWriter.class,
                origin.toString(),
                replica.toString(),
                Integer.toString(pairs))) {
          if (!"ready".equals(writer.line())) {
            throw new AssertionError("the process that applies did not start");
          }
          Histogram latencies = latencies(reader, pairs, settings.size(20, 4));
          long allocated = allocated(reader, pairs);
          writer.go();
          String commits = writer.line();
          System.out.printf(
              "beside a process that made %s durable commits of 50 entries: %,d gets, p50 %.2f µs,"
                  + " p99 %.2f µs, p99.9 %.2f µs, p99.99 %.1f µs, longest %.1f µs%n"
                  + "%,d bytes allocated in %,d gets meanwhile%n",
              commits,
              latencies.getTotalCount(),
              latencies.getValueAtPercentile(50) / 1e3,
              latencies.getValueAtPercentile(99) / 1e3,
              latencies.getValueAtPercentile(99.9) / 1e3,
              latencies.getValueAtPercentile(99.99) / 1e3,
              latencies.getMaxValue() / 1e3,
              allocated,
              COUNTED);
          if (commits == null || Long.parseLong(commits) < 10) {
            throw new AssertionError("too few commits were made beside the reader: " + commits);
          }
          long p999 = latencies.getValueAtPercentile(99.9);
          return new Outcome(
              String.format(
                  "%.2f bytes a get, %.2f × C, p99.9 %.1f µs, %d threads %.2f × one",
                  allocated / (double) COUNTED, ratio, p999 / 1e3, THREADS, spread),
              "0 bytes, ≥ 0.8 × C, < 20 µs, ≥ 1.8 × one",
              allocated / COUNTED == 0 && ratio >= RATIO && p999 < LONGEST && spread >= SPREAD);
        }
      }
    } finally {
      Folders.remove(folder);
    }
  }

  /** Short turns, ours and C's: what the machine does besides then hits both alike. */
  private static double ratio(EdgeReader reader, Peer peer, Path folder, int pairs, int rounds)
      throws Exception {
    gets(reader, pairs, 1); // warms up
    peer.rate("get", folder.resolve("peer"), pairs, 1, Peer.Sync.NEVER);
    double[] ratios = new double[rounds];
    for (int round = 0; round < rounds; round++) {
      double here = gets(reader, pairs, 1);
      double there = peer.rate("get", folder.resolve("peer"), pairs, 1, Peer.Sync.NEVER);
      System.out.printf("ours %,.0f/s, C %,.0f/s, %.2f%n", here, there, here / there);
      ratios[round] = here / there;
    }
    return median(ratios);
  }

  /** Eight threads against one; C's processes, which share nothing, say what the machine allows. */
  private static double spread(EdgeReader reader, Peer peer, Path folder, int pairs, int rounds)
      throws Exception {
    Callable<Double> ours = () -> gets(reader, pairs, 1);
    Callable<Double> c = () -> peer.rate("get", folder.resolve("peer"), pairs, 1, Peer.Sync.NEVER);
    double[] ratios = new double[rounds];
    double[] allowed = new double[rounds];
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (int round = 0; round < rounds; round++) {
        ratios[round] = spread(threads, ours);
        allowed[round] = spread(threads, c);
        System.out.printf(
            "%d threads %.2f × one; %d processes of C %.2f × one%n",
            THREADS, ratios[round], THREADS, allowed[round]);
      }
    }
    System.out.printf("the machine allows %.2f × one (C, median)%n", median(allowed));
    return median(ratios);
  }

  private static double spread(ExecutorService threads, Callable<Double> rate) throws Exception {
    double one = threads.submit(rate).get();
    double all = 0;
    for (Future<Double> each : threads.invokeAll(Collections.nCopies(THREADS, rate))) {
      all += each.get();
    }
    return all / one;
  }

  private static double median(double[] numbers) {
    Arrays.sort(numbers);
    return numbers[numbers.length / 2];
  }

  private static double gets(EdgeReader reader, int pairs, int seconds) {
    Peer.Keys keys = new Peer.Keys();
    PairBuffer buffer = new PairBuffer();
    long done = 0;
    long began = System.nanoTime();
    long end = began + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < end) {
      done += some(reader, keys, pairs, buffer, 1_000);
    }
    return done * 1e9 / (System.nanoTime() - began);
  }

  private static int some(
      EdgeReader reader, Peer.Keys keys, int pairs, PairBuffer buffer, int times) {
    for (int i = 0; i < times; i++) {
      if (!reader.get(keys.key(keys.below(pairs)), Peer.KEY_BYTES, buffer)) {
        throw new AssertionError("a key is missing");
      }
    }
    return times;
  }

  private static Histogram latencies(EdgeReader reader, int pairs, int seconds) {
    Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
    Peer.Keys keys = new Peer.Keys();
    PairBuffer buffer = new PairBuffer();
    measure(reader, pairs, latencies, keys, buffer, 1);
    latencies.reset();
    measure(reader, pairs, latencies, keys, buffer, seconds);
    return latencies;
  }

  private static void measure(
      EdgeReader reader,
      int pairs,
      Histogram latencies,
      Peer.Keys keys,
      PairBuffer buffer,
      int seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    long began = System.nanoTime();
    while (began < end) {
      byte[] key = keys.key(keys.below(pairs));
      began = System.nanoTime();
      boolean found = reader.get(key, Peer.KEY_BYTES, buffer);
      latencies.recordValue(System.nanoTime() - began);
      if (!found || buffer.valueLength() != Peer.VALUE_BYTES) {
        throw new AssertionError("a key is missing or has another value");
      }
    }
  }

  private static long allocated(EdgeReader reader, int pairs) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Peer.Keys keys = new Peer.Keys();
    PairBuffer buffer = new PairBuffer();
    some(reader, keys, pairs, buffer, 1_000);
    long before = threads.getCurrentThreadAllocatedBytes();
    some(reader, keys, pairs, buffer, COUNTED);
    return threads.getCurrentThreadAllocatedBytes() - before;
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * {@code edge.read-under-write}: the article's test over a socket. One client reads 20 keys of two
 * bytes, one after the other, while 0, 1 and 2 writers add values of 40 kB, each durable before the
 * next: in a process beside the RESP server, and in a Redis that waits for the disk. Then once more
 * with 20 ms added to each fsync of both.
 */
final class EdgeReadUnderWriteBar implements Bar {
  private static final double LIMIT = 0.5;

  /** What an unchanged p99.9 may differ by from run to run, on a machine that others use too. */
  private static final double SAME = 2;

  private static final int KEYS = 20;
  private static final int LARGE = 40_000;
  private static final int LARGE_KEYS = 1_000;
  private static final int WARM_SECONDS = 4;
  private static final int SLOW_MILLIS = 20;

  /** The variable that names the file whose being there makes the disk slow. */
  private static final String SLOW_WHILE = "SLOWSYNC_FILE";

  private static final String EDGE = "edge";
  private static final String SERVE = "serve";

  @Override
  public String name() {
    return "edge.read-under-write";
  }

  @Override
  public String description() {
    return "the article's test over the socket, 0 to 2 writers of 40 kB, against Redis; slow fsync";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  /** What a run gave, in µs. */
  private record Result(double p50, double p99, double p999, double longest, long reads) {}

  @Override
  public Outcome run(Bar.Settings settings) throws Exception {
    EdgeRedis.require();
    int rounds = settings.size(5, 1);
    int seconds = settings.size(8, 2);
    Path folder = Files.createTempDirectory("quicksilver-edge-read-under-write-");
    try {
      Map<String, String> slow = slowDisk(folder);
      System.out.printf(
          "%-12s %7s %6s %10s %9s %9s %9s %11s%n",
          "times in µs", "writers", "fsync", "reads/s", "p50", "p99", "p99.9", "longest");
      double[] ours = new double[4];
      double[] redis = new double[4];
      for (int which = 0; which < 4; which++) {
        int writers = Math.min(which, 2);
        Map<String, String> disk = which == 3 ? slow : Map.of();
        List<Result> own = new ArrayList<>();
        List<Result> peer = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
          peer.add(redis(Files.createTempDirectory(folder, "redis"), writers, seconds, disk));
          own.add(ours(writers, seconds, disk));
        }
        ours[which] = print("ours", writers, which == 3, seconds, own);
        redis[which] = print("Redis", writers, which == 3, seconds, peer);
      }
      double ratio = ours[2] / redis[2];
      double slowRatio = ours[3] / redis[3];
      double change = ours[3] / ours[2];
      return new Outcome(
          String.format(
              Locale.ROOT,
              "p99.9 with two writers %.2f × Redis; with slow fsync %.2f × Redis and %.2f × without"
                  + " (medians)",
              ratio,
              slowRatio,
              change),
          "≤ 0.5 ×, ≤ 0.5 ×, ≤ 2 ×",
          ratio <= LIMIT && slowRatio <= LIMIT && change <= SAME);
    } finally {
      Folders.remove(folder);
    }
  }

  /** Compiles what makes an fsync slow; returns the variables that have it loaded. */
  private static Map<String, String> slowDisk(Path folder) throws Exception {
    Path source = folder.resolve("slowsync.c");
    try (InputStream in = EdgeReadUnderWriteBar.class.getResourceAsStream("/slowsync.c")) {
      if (in == null) {
        throw new IOException("slowsync.c is not on the class path; build with Maven");
      }
      Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
    }
    Path library = folder.resolve("slowsync.so");
    SystemPackages.attempt(
        () ->
            SystemPackages.run(
                List.of(
                    "gcc", "-O2", "-shared", "-fPIC", "-o", library.toString(), source.toString())),
        "gcc",
        "libc6-dev");
    return Map.of(
        "LD_PRELOAD",
        library.toString(),
        SLOW_WHILE,
        folder.resolve("slow").toString(),
        "SLOWSYNC_MS",
        Integer.toString(SLOW_MILLIS));
  }

  private static double print(
      String who, int writers, boolean slow, int seconds, List<Result> results) {
    double[] p999 = results.stream().mapToDouble(Result::p999).sorted().toArray();
    double median = p999[p999.length / 2];
    System.out.printf(
        "%-12s %7d %6s %,10.0f %9.1f %9.1f %9.1f %,11.1f%n",
        who,
        writers,
        slow ? "+" + SLOW_MILLIS : "",
        results.stream().mapToLong(Result::reads).average().orElse(0) / seconds,
        results.stream().mapToDouble(Result::p50).average().orElse(0),
        results.stream().mapToDouble(Result::p99).average().orElse(0),
        median,
        results.stream().mapToDouble(Result::longest).max().orElse(0));
    return median;
  }

  private static byte[][] keys() {
    byte[][] keys = new byte[KEYS][];
    Arrays.setAll(
        keys, i -> String.format(Locale.ROOT, "%02d", i).getBytes(StandardCharsets.US_ASCII));
    return keys;
  }

  /**
   * Warms and measures. The disk becomes slow in between: a writer in Java that had written a few
   * hundred values by then would still be compiled while the others' reads are measured.
   */
  private static Result measure(int port, int seconds, Map<String, String> disk)
      throws IOException {
    var latencies = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
    String slow = disk.get(SLOW_WHILE);
    try (var client = new EdgeClient(port)) {
      client.read(keys(), WARM_SECONDS, latencies);
      latencies.reset();
      if (slow != null) {
        Files.createFile(Path.of(slow));
      }
      client.read(keys(), seconds, latencies);
    } finally {
      if (slow != null) {
        Files.deleteIfExists(Path.of(slow));
      }
    }
    return new Result(
        latencies.getValueAtPercentile(50) / 1e3,
        latencies.getValueAtPercentile(99) / 1e3,
        latencies.getValueAtPercentile(99.9) / 1e3,
        latencies.getMaxValue() / 1e3,
        latencies.getTotalCount());
  }

  // ---- ours

  private static Result ours(int writers, int seconds, Map<String, String> disk) throws Exception {
    try (Cluster cluster = Cluster.temporary(Processes.SERVICE)) {
      Path data = cluster.data(EDGE);
      try (DatabaseSet set = DatabaseSet.open(data, StorageSample.SMALL_LOG)) {
        fill(set.create(StorageSample.IDENTITY));
      }
      Path folder =
          new DatabaseDirectory(data).environment(StorageSample.IDENTITY.name()).orElseThrow();
      try (StorageChild writer =
          StorageChild.start(
              List.of("-Xms32m", "-Xmx192m", "-XX:TieredStopAtLevel=4"),
              disk,
              ReadUnderWrite.class,
              folder.toString(),
              "0",
              Integer.toString(writers),
              Integer.toString(seconds))) {
        String line = writer.line();
        if (line == null || !line.startsWith("ready ")) {
          throw new IOException("the writer did not start: " + line);
        }
        cluster.start(NodeSpec.serve(SERVE, EDGE));
        Result result = measure(cluster.port(SERVE, "resp"), seconds, disk);
        requireWrites(writer.isAlive());
        return result;
      }
    }
  }

  private static void fill(Database database) {
    try (Appender appender = database.append()) {
      appender.begin(1, 1);
      for (byte[] key : keys()) {
        appender.set(key, key);
      }
      appender.end(new Position(1, 1, KEYS)); // the writers go on with the next sequence
      appender.commit();
    }
  }

  private static void requireWrites(boolean alive) throws IOException {
    if (!alive) {
      throw new IOException("a writer ended before the reads did");
    }
  }

  // ---- Redis

  private static Result redis(Path folder, int writers, int seconds, Map<String, String> disk)
      throws Exception {
    try (EdgeRedis redis = EdgeRedis.start(folder, true, disk)) {
      try (var client = new EdgeClient(redis.port())) {
        for (byte[] key : keys()) {
          client.set(key, key);
        }
      }
      var stopping = new AtomicBoolean();
      var written = new AtomicLong();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < writers; i++) {
        int seed = i;
        threads.add(Thread.ofPlatform().start(() -> write(redis.port(), seed, stopping, written)));
      }
      try {
        Result result = measure(redis.port(), seconds, disk);
        requireWrites(writers == 0 || written.get() > 0);
        return result;
      } finally {
        stopping.set(true);
        for (Thread thread : threads) {
          thread.join();
        }
      }
    }
  }

  private static void write(int port, int seed, AtomicBoolean stopping, AtomicLong written) {
    Random mine = new Random(seed);
    byte[] value = new byte[LARGE];
    mine.nextBytes(value);
    try (var client = new EdgeClient(port)) {
      while (!stopping.get()) {
        value[0]++;
        client.set(("w" + mine.nextInt(LARGE_KEYS)).getBytes(StandardCharsets.US_ASCII), value);
        written.incrementAndGet();
      }
    } catch (IOException e) {
      System.out.println("a writer of Redis ended: " + e);
    }
  }
}

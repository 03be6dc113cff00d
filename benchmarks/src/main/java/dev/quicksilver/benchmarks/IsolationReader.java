package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.PairBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * A process of {@link IsolationBar}: {@code ENVIRONMENT PAIRS}. It reads keys at random, each from
 * the newest snapshot, until it gets a line with a number of seconds; then for so long, and prints
 * for gets one right after the other and for gets now and then: how many, p50, p99, p99.9 and the
 * longest, in ns.
 */
final class IsolationReader {
  private static final int AT_ONCE = 1_000;
  private static final int NOW_AND_THEN = 20;
  private static final long PAUSE_NANOS = 1_000_000;
  private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Database database;
  private final int pairs;
  private final Histogram busy = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
  private final Histogram seldom = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
  private final byte[] key = key(0);
  private final PairBuffer buffer = new PairBuffer();
  private long random = 88172645463325252L;

  private IsolationReader(Database database, int pairs) {
    this.database = database;
    this.pairs = pairs;
  }

  /** The key of a pair. */
  static byte[] key(int number) {
    return "host%08d.edge.example.com.".formatted(number).getBytes(StandardCharsets.US_ASCII);
  }

  public static void main(String[] arguments) throws Exception {
    try (Database database = Database.openReadOnly(Path.of(arguments[0]), StorageOptions.DEFAULT)) {
      var reader = new IsolationReader(database, Integer.parseInt(arguments[1]));
      reader.read(TimeUnit.SECONDS.toNanos(4)); // compiles everything
      System.out.println("ready");
      var in =
          new java.io.BufferedReader(
              new java.io.InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        reader.read(TimeUnit.SECONDS.toNanos(1)); // and finds its place among the others
        reader.busy.reset();
        reader.seldom.reset();
        reader.read(TimeUnit.SECONDS.toNanos(Long.parseLong(line)));
        System.out.println(
            Stream.of(reader.busy, reader.seldom)
                .map(IsolationReader::line)
                .collect(Collectors.joining(" ")));
      }
    }
  }

  private static String line(Histogram histogram) {
    return histogram.getTotalCount()
        + " "
        + List.of(50.0, 99.0, 99.9, 100.0).stream()
            .map(histogram::getValueAtPercentile)
            .map(String::valueOf)
            .collect(Collectors.joining(" "));
  }

  /** Between two of these it holds no snapshot, which would be an old one by then. */
  private void read(long nanos) {
    try (Snapshot snapshot = database.snapshot()) {
      long end = System.nanoTime() + nanos;
      while (System.nanoTime() < end) {
        long turn = System.nanoTime() + TURN_NANOS;
        while (System.nanoTime() < turn) {
          some(snapshot, AT_ONCE, busy);
        }
        turn = System.nanoTime() + TURN_NANOS;
        while (System.nanoTime() < turn) {
          LockSupport.parkNanos(PAUSE_NANOS);
          some(snapshot, NOW_AND_THEN, seldom);
        }
      }
    }
  }

  private void some(Snapshot snapshot, int count, Histogram latencies) {
    for (int i = 0; i < count; i++) {
      random ^= random >>> 12;
      random ^= random << 25;
      random ^= random >>> 27;
      int number = (int) (((random * 2685821657736338717L) >>> 1) % pairs);
      for (int at = 11; at > 3; at--) {
        key[at] = (byte) ('0' + number % 10);
        number /= 10;
      }
      long began = System.nanoTime();
      snapshot.renew();
      boolean found = snapshot.get(key, key.length, buffer);
      latencies.recordValue(System.nanoTime() - began);
      if (!found) {
        throw new AssertionError("a key is missing: " + new String(key, StandardCharsets.US_ASCII));
      }
    }
  }
}

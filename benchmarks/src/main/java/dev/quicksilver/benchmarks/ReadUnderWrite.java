package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A process of {@link ReadUnderWriteBar}: {@code FOLDER READERS WRITERS SECONDS}, with 0 or 1
 * readers. It fills an empty folder, starts its threads, prints {@code ready}, the difference of
 * the wall clock to the monotonic one in ns, and the system's thread ids, the reader's first; reads
 * until it gets a line, so that everything is compiled; measures for so many seconds, and prints
 * gets, p50, p99, p99.9, the longest in ns, and commits. Without a reader it writes until its input
 * ends.
 */
final class ReadUnderWrite {
  static final Path BEGIN_MARK = Path.of("/quicksilver-mark-begin");
  static final Path END_MARK = Path.of("/quicksilver-mark-end");
  private static final int KEYS = 20;
  private static final int LARGE = 40_000;
  private static final int LARGE_KEYS = 1_000;
  private static final int AT_ONCE = 1_000;
  private static final long WARM_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Database database;
  private final long nanos;
  private final Histogram latencies = new Histogram(TimeUnit.MINUTES.toNanos(10), 3);
  private final byte[][] keys = new byte[KEYS][];
  private final PairBuffer buffer = new PairBuffer();
  private long random = 88172645463325252L;
  private volatile boolean measuring;
  private volatile boolean stopping;

  private ReadUnderWrite(Database database, int seconds) {
    this.database = database;
    this.nanos = TimeUnit.SECONDS.toNanos(seconds);
    for (int i = 0; i < KEYS; i++) {
      keys[i] = String.format("%02d", i).getBytes(StandardCharsets.US_ASCII);
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    boolean reading = Integer.parseInt(arguments[1]) > 0;
    int writers = Integer.parseInt(arguments[2]);
    try (Database database = open(folder, writers > 0)) {
      new ReadUnderWrite(database, Integer.parseInt(arguments[3])).run(reading, writers);
    }
  }

  private static Database open(Path folder, boolean writing) {
    if (!Files.exists(folder.resolve("data.mdb"))) {
      return Database.create(folder, StorageSample.IDENTITY, StorageSample.SMALL_LOG);
    }
    return writing
        ? Database.open(folder, StorageSample.SMALL_LOG)
        : Database.openReadOnly(folder, StorageSample.SMALL_LOG);
  }

  private void run(boolean reading, int writers) throws Exception {
    if (database.head().lastSequence() == 0) {
      for (byte[] key : keys) {
        commit(key, key);
      }
    }
    List<Thread> threads = new ArrayList<>();
    List<String> ids = java.util.Collections.synchronizedList(new ArrayList<>());
    Thread reader = null;
    if (reading) {
      reader = start(threads, ids, this::read);
    }
    for (int i = 0; i < writers; i++) {
      int seed = i;
      start(threads, ids, () -> write(seed));
    }
    Instant now = Instant.now();
    long wall = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    System.out.println("ready " + (wall - System.nanoTime()) + " " + String.join(" ", ids));
    int go = System.in.read();
    if (reader != null && go >= 0) {
      final long before = database.head().lastSequence(); // each commit is one entry
      measuring = true;
      reader.join();
      System.out.println(
          latencies.getTotalCount()
              + " "
              + List.of(50.0, 99.0, 99.9, 100.0).stream()
                  .map(latencies::getValueAtPercentile)
                  .map(String::valueOf)
                  .collect(Collectors.joining(" "))
              + " "
              + (database.head().lastSequence() - before));
    }
    stopping = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Starts a platform thread; when this returns, its id is in the list. */
  private static Thread start(List<Thread> threads, List<String> ids, Runnable work) {
    int known = ids.size();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  ids.add(id());
                  work.run();
                });
    threads.add(thread);
    while (ids.size() == known) {
      LockSupport.parkNanos(1_000_000);
    }
    return thread;
  }

  private static String id() {
    try {
      Path task = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName();
      return String.valueOf(task);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void read() {
    try (Snapshot snapshot = database.snapshot()) {
      Files.exists(BEGIN_MARK);
      while (!measuring && !stopping) {
        readFor(WARM_NANOS, snapshot);
      }
      latencies.reset();
      Files.exists(BEGIN_MARK);
      readFor(nanos, snapshot);
      Files.exists(END_MARK);
    }
  }

  /**
   * Called often before it counts: a loop that had never ended would be compiled again at its end,
   * and the reader would meet the compiler's locks.
   */
  private void readFor(long howLong, Snapshot snapshot) {
    long end = System.nanoTime() + howLong;
    while (System.nanoTime() < end) {
      some(snapshot);
    }
  }

  private void some(Snapshot snapshot) {
    for (int i = 0; i < AT_ONCE; i++) {
      random ^= random >>> 12;
      random ^= random << 25;
      random ^= random >>> 27;
      byte[] key = keys[(int) (((random * 2685821657736338717L) >>> 1) % KEYS)];
      long began = System.nanoTime();
      snapshot.renew();
      boolean found = snapshot.get(key, 2, buffer);
      latencies.recordValue(System.nanoTime() - began);
      if (!found || buffer.valueLength() != 2) {
        throw new AssertionError("a key is missing or has another value");
      }
    }
  }

  private void write(int seed) {
    Random mine = new Random(seed);
    byte[] value = new byte[LARGE];
    mine.nextBytes(value); // nothing that Snappy could make smaller
    while (!stopping) {
      value[0]++;
      commit(("w" + mine.nextInt(LARGE_KEYS)).getBytes(StandardCharsets.US_ASCII), value);
    }
  }

  private void commit(byte[] key, byte[] value) {
    try (Appender appender = database.append()) {
      long lsn = appender.head().lastSequence() + 1;
      appender.begin(lsn, lsn);
      appender.set(key, value);
      appender.end(new Position(1, 1, lsn));
      appender.commit();
    }
  }

  /**
   * What a run gave; times in ns.
   *
   * @param gets how many
   */
  record Result(long gets, long p50, long p99, long p999, long longest, long commits) {
    /** Reads the line that this process, and the one in C, prints. */
    static Result of(@Nullable String line) {
      if (line == null) {
        throw new AssertionError("the process ended before its result");
      }
      long[] numbers =
          java.util.Arrays.stream(line.strip().split(" ")).mapToLong(Long::parseLong).toArray();
      return new Result(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
    }
  }
}

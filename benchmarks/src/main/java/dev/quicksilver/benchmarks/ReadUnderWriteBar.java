package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.ReadUnderWrite.Result;
import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code storage.read-under-write}: how long a read takes while others commit durably, against a
 * reader of bare LMDB in C. Writers are threads of the reader's process, in both, since a node
 * itself serves reads; and once more processes of their own, as for readers beside a node. The bar
 * takes the worse. Then the same under strace: a reader must make no system call at all, so there
 * is no lock and no disk that it could wait for. What the JVM's own stops of all threads make it do
 * is told apart by the JVM's log of them; in a reader that shares no process with writers not even
 * that may happen.
 *
 * <p>The processes run with the flags and the collector of a node: the serial one with a small
 * heap, which only writers fill.
 */
final class ReadUnderWriteBar implements Bar {
  private static final double LIMIT = 3;
  private static final int WARM_SECONDS = 4;

  /** Who reads beside whom. */
  private enum Setting {
    C("C LMDB, one process"),
    THREADS("ours, one process"),
    PROCESSES("ours, writers elsewhere");

    private final String title;

    Setting(String title) {
      this.title = title;
    }
  }

  @Override
  public String name() {
    return "storage.read-under-write";
  }

  @Override
  public String description() {
    return "latency of reads while 0, 1 and 2 writers commit 40 kB durably, against C; system"
        + " calls";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rounds = settings.size(5, 1);
    int seconds = settings.size(5, 2);
    Path folder = Files.createTempDirectory("quicksilver-read-under-write-");
    try {
      Path peer = Peer.compile(folder, "latency");
      System.out.printf(
          "%-24s %7s %12s %9s %9s %9s %11s %9s%n",
          "times in µs", "writers", "reads/s", "p50", "p99", "p99.9", "longest", "commits/s");
      Map<Setting, Double> worst = new EnumMap<>(Setting.class);
      for (int writers = 0; writers <= 2; writers++) {
        Map<Setting, List<Result>> results = new EnumMap<>(Setting.class);
        for (int round = 0; round < rounds; round++) {
          for (Setting setting : Setting.values()) {
            if (writers > 0 || setting != Setting.PROCESSES) {
              results
                  .computeIfAbsent(setting, any -> new ArrayList<>())
                  .add(
                      setting == Setting.C
                          ? peer(peer, folder, writers, seconds)
                          : ours(folder, setting, writers, seconds));
            }
          }
        }
        for (var entry : results.entrySet()) {
          worst.put(entry.getKey(), print(entry.getKey(), writers, seconds, entry.getValue()));
        }
      }
      double ours =
          Math.max(
              worst.getOrDefault(Setting.THREADS, 0.0), worst.getOrDefault(Setting.PROCESSES, 0.0));
      double ratio = ours / worst.getOrDefault(Setting.C, 0.0);
      boolean waitsForNobody = true;
      for (Setting setting : List.of(Setting.PROCESSES, Setting.THREADS)) {
        waitsForNobody &= trace(folder, setting, settings.size(5, 2));
      }
      return new Outcome(
          String.format(
              "p99.9 with two writers %.1f µs, %.2f × C; %s",
              ours / 1e3,
              ratio,
              waitsForNobody
                  ? "no read made a system call of its own"
                  : "a read waited, see the trace"),
          "≤ 3 × C, no wait",
          ratio <= LIMIT && waitsForNobody);
    } finally {
      Folders.remove(folder);
    }
  }

  /** Prints the medians of the rounds; returns p99.9 in ns. */
  private static double print(Setting setting, int writers, int seconds, List<Result> results) {
    double p999 = median(results.stream().map(Result::p999));
    System.out.printf(
        "%-24s %7d %,12.0f %9.2f %9.2f %9.2f %,11.1f %,9.0f%n",
        setting.title,
        writers,
        median(results.stream().map(Result::gets)) / seconds,
        median(results.stream().map(Result::p50)) / 1e3,
        median(results.stream().map(Result::p99)) / 1e3,
        p999 / 1e3,
        results.stream().mapToLong(Result::longest).max().orElseThrow() / 1e3,
        median(results.stream().map(Result::commits)) / seconds);
    return p999;
  }

  private static double median(Stream<Long> numbers) {
    List<Long> sorted = numbers.sorted(Comparator.naturalOrder()).toList();
    return sorted.get(sorted.size() / 2);
  }

  private static Result peer(Path program, Path folder, int writers, int seconds)
      throws IOException, InterruptedException {
    Path data = Files.createTempDirectory(folder, "peer");
    Result result =
        Result.of(
            SystemPackages.run(
                List.of(
                    program.toString(),
                    data.toString(),
                    Integer.toString(writers),
                    Integer.toString(seconds))));
    Folders.remove(data);
    return result;
  }

  private static Result ours(Path folder, Setting setting, int writers, int seconds)
      throws Exception {
    Path data = Files.createTempDirectory(folder, "ours");
    try (Processes processes = Processes.start(data, setting, writers, seconds)) {
      TimeUnit.SECONDS.sleep(WARM_SECONDS);
      processes.reader.go();
      return Result.of(processes.reader.line());
    } finally {
      Folders.remove(data);
    }
  }

  private static boolean trace(Path folder, Setting setting, int seconds) throws Exception {
    Path data = Files.createTempDirectory(folder, "traced");
    try (Processes processes = Processes.start(data, setting, 2, seconds)) {
      TimeUnit.SECONDS.sleep(2 * WARM_SECONDS);
      Result result;
      Path recorded;
      try (ReaderTrace.Recording recording =
          ReaderTrace.record(
              folder.resolve(setting + ".strace"),
              processes.all().stream().mapToLong(StorageChild::pid).toArray())) {
        processes.reader.go();
        result = Result.of(processes.reader.line());
        recorded = recording.end();
      }
      ReaderTrace trace =
          ReaderTrace.read(
              recorded,
              data.resolve("safepoints.log"),
              processes.wallMinusMonotonic,
              processes.readerThread,
              processes.writerThreads);
      System.out.printf(
          "%nsystem calls in %.1f s with two writers (%s):%n  the reader, in %,d gets: %s%n    of"
              + " these because the JVM stopped all threads, %d times and for %.1f ms at most: %s%n"
              + "  the writers: %s%n",
          trace.seconds(),
          setting.title,
          result.gets(),
          trace.reader(),
          trace.stops().size(),
          trace.stops().stream().mapToDouble(stop -> stop).max().orElse(0),
          trace.atSafepoint(),
          trace.writers());
      boolean writersWaited =
          trace.writers().keySet().stream().anyMatch(Set.of("fsync", "fdatasync")::contains);
      if (!writersWaited) {
        System.out.println("  the trace has no fsync of a writer, so it shows nothing");
      }
      return writersWaited
          && trace.waitedForNobody()
          && (setting == Setting.THREADS || trace.askedForNothing());
    }
  }

  /** The process that reads, and the one that writes if that is another. */
  private static final class Processes implements AutoCloseable {
    private final List<StorageChild> all = new ArrayList<>();
    private final StorageChild reader;
    private final long wallMinusMonotonic;
    private final int readerThread;
    private final Set<Integer> writerThreads;

    private Processes(Path data, Setting setting, int writers, int seconds) throws IOException {
      boolean apart = setting == Setting.PROCESSES;
      String[] writing = {};
      if (apart) {
        writing = ready(start(data, 0, writers, seconds, "writer"));
      }
      reader = start(data, 1, apart ? 0 : writers, seconds, "safepoints");
      String[] reading = ready(reader);
      wallMinusMonotonic = Long.parseLong(reading[1]);
      readerThread = Integer.parseInt(reading[2]);
      writerThreads =
          (apart ? Stream.of(writing).skip(2) : Stream.of(reading).skip(3))
              .map(Integer::valueOf)
              .collect(Collectors.toSet());
    }

    static Processes start(Path data, Setting setting, int writers, int seconds)
        throws IOException {
      return new Processes(data, setting, writers, seconds);
    }

    private StorageChild start(Path data, int readers, int writers, int seconds, String log)
        throws IOException {
      StorageChild child =
          StorageChild.start(
              List.of(
                  "-Xms32m",
                  "-Xmx256m",
                  "-XX:TieredStopAtLevel=4",
                  "-Xlog:safepoint:file=" + data.resolve(log + ".log") + ":timenanos"),
              ReadUnderWrite.class,
              data.resolve("database").toString(),
              Integer.toString(readers),
              Integer.toString(writers),
              Integer.toString(seconds));
      all.add(child);
      return child;
    }

    private static String[] ready(StorageChild child) {
      String line = child.line();
      if (line == null || !line.startsWith("ready ")) {
        throw new AssertionError("a process did not start: " + line);
      }
      return line.split(" ");
    }

    List<StorageChild> all() {
      return all;
    }

    @Override
    public void close() {
      all.forEach(StorageChild::close);
    }
  }
}

package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.BRIDGE_MAX_SNAPSHOT_AGE;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/**
 * {@code bridge.isolation}: what four analysts who scan and aggregate in a loop take from others at
 * the same edge. A process of its own reads keys there, under a steady write load, in turns without
 * them, with them, and beside processes of their number and niceness that only take processor time:
 * what nobody on the machine could avoid. Then the file's growth against what the replica writes
 * while a snapshot may live, and the lag behind the central PostgreSQL against the windows.
 */
final class IsolationBar implements Bar {
  private static final double LIMIT = 2;
  private static final int ANALYSTS = 4;
  private static final int NICENESS = 10;
  private static final int SETTLING = 10;
  private static final long SETTLED = 1_000_000;
  private static final int SNAPSHOT_SECONDS = 5;
  private static final int WRITES_PER_SECOND = 200;

  /** Root's and replica's, and what a poll and the machine's scheduling take. */
  private static final long LAG_MILLIS = 2 * 500 + 250;

  /** Who is beside the reader. */
  private enum Setting {
    IDLE("nobody"),
    ANALYSTS("four analysts"),
    LOOPS("four loops, nice 10");

    private final String title;

    Setting(String title) {
      this.title = title;
    }
  }

  /** Gets of one kind; times in ns. */
  private record Gets(long count, long p50, long p99, long p999, long longest) {
    static Gets of(String[] numbers, int from) {
      long[] all = new long[5];
      for (int i = 0; i < 5; i++) {
        all[i] = Long.parseLong(numbers[from + i]);
      }
      return new Gets(all[0], all[1], all[2], all[3], all[4]);
    }
  }

  private record Round(Gets busy, Gets seldom, double lagMedian, double lag99) {}

  private final Map<Setting, List<Round>> rounds = new EnumMap<>(Setting.class);
  private final AtomicLong ended = new AtomicLong();
  private final AtomicLong cut = new AtomicLong();

  @Override
  public String name() {
    return "bridge.isolation";
  }

  @Override
  public String description() {
    return "four analysts scan in a loop: gets of a reader beside them, the file, the lag";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 50_000);
    int seconds = settings.size(15, 4);
    try (TeamEdge edge =
        TeamEdge.start(how -> how.with(BRIDGE_MAX_SNAPSHOT_AGE, SNAPSHOT_SECONDS + "s"))) {
      fill(edge, pairs);
      Path environment = new DatabaseDirectory(edge.data()).environment("big").orElseThrow();
      try (Database copy = Database.openReadOnly(environment, StorageOptions.DEFAULT);
          StorageChild reader =
              StorageChild.startService(
                  List.of("-Xms32m", "-Xmx128m", "-XX:TieredStopAtLevel=4"),
                  IsolationReader.class,
                  environment.toString(),
                  Integer.toString(pairs));
          var writes = new IsolationWrites(edge, copy, pairs, WRITES_PER_SECOND, settings.seed())) {
        if (!"ready".equals(reader.line())) {
          throw new AssertionError("the reader did not start");
        }
        IsolationLoad.analysts(edge, NICENESS, ended, cut).close(); // starts the evaluator
        settle(edge, reader, writes, environment, seconds);
        Growth growth = new Growth(edge, environment, copy);
        for (int round = 0; round < settings.size(5, 2); round++) {
          for (Setting setting : Setting.values()) {
            measure(edge, reader, writes, setting, seconds);
          }
        }
        growth.end();
        return outcome(growth);
      }
    }
  }

  /**
   * Writes beside nobody until the file has the free pages that storage wants in it, to take those
   * of a commit in order (ADR 14): that growth is no snapshot's.
   */
  private void settle(
      TeamEdge edge, StorageChild reader, IsolationWrites writes, Path environment, int seconds)
      throws Exception {
    Path file = environment.resolve("data.mdb");
    for (int i = 0; i < SETTLING; i++) {
      long before = Files.size(file);
      measure(edge, reader, writes, Setting.IDLE, seconds);
      rounds.clear();
      if (i > 0 && Files.size(file) - before <= SETTLED) {
        return;
      }
    }
  }

  private static void fill(TeamEdge edge, int pairs) throws Exception {
    edge.sql("SELECT quicksilver.create_database('big')");
    edge.sql(
        "INSERT INTO big SELECT 'host' || lpad(i::text, 8, '0') || '.edge.example.com.',"
            + " repeat('v', 100) FROM generate_series(0, "
            + (pairs - 1)
            + ") i");
    edge.sql("INSERT INTO big VALUES ('zz', '0')");
    edge.sql("SELECT quicksilver.wait_for_propagation('big', 1, '10 min')");
    System.out.println(
        pairs + " pairs of 30 + 100 bytes, " + WRITES_PER_SECOND + " transactions a second");
  }

  private IsolationLoad load(TeamEdge edge, Setting setting) throws IOException {
    return switch (setting) {
      case IDLE -> IsolationLoad.none();
      case ANALYSTS -> IsolationLoad.analysts(edge, NICENESS, ended, cut);
      case LOOPS -> IsolationLoad.loops(ANALYSTS, NICENESS);
    };
  }

  private void measure(
      TeamEdge edge, StorageChild reader, IsolationWrites writes, Setting setting, int seconds)
      throws Exception {
    try (IsolationLoad load = load(edge, setting)) {
      var _ = writes.lags();
      Map<String, Duration> before = processors(edge, reader);
      reader.go(Integer.toString(seconds));
      String line = reader.line();
      if (line == null) {
        throw new AssertionError("the reader has ended beside " + setting + " " + load);
      }
      Histogram lags = writes.lags();
      String[] numbers = line.split(" ", -1);
      Round round =
          new Round(
              Gets.of(numbers, 0),
              Gets.of(numbers, 5),
              lags.getValueAtPercentile(50) / 1e3,
              lags.getValueAtPercentile(99) / 1e3);
      rounds.computeIfAbsent(setting, any -> new ArrayList<>()).add(round);
      var text = new StringBuilder();
      processors(edge, reader)
          .forEach(
              (who, after) ->
                  text.append(
                      String.format(
                          Locale.ROOT,
                          " %s %.2f",
                          who,
                          after.minus(before.getOrDefault(who, after)).toMillis()
                              / 1e3
                              / (seconds + 1))));
      System.out.printf("beside %s, processors used:%s%n", setting.title, text);
    }
  }

  /** Processor time up to now; loops are not among them. */
  private static Map<String, Duration> processors(TeamEdge edge, StorageChild reader) {
    Map<String, Duration> all = new java.util.TreeMap<>();
    ProcessHandle bridge = ProcessHandle.of(edge.bridge().pid()).orElseThrow();
    all.put("bridge", time(bridge));
    all.put(
        "evaluator",
        bridge.descendants().map(IsolationBar::time).reduce(Duration.ZERO, Duration::plus));
    all.put("replica", time(ProcessHandle.of(edge.replica().pid()).orElseThrow()));
    all.put("reader", time(ProcessHandle.of(reader.pid()).orElseThrow()));
    all.put("writer", time(ProcessHandle.current()));
    return all;
  }

  private static Duration time(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** How the file grows but for the log, which is kept, and what the replica writes meanwhile. */
  private static final class Growth {
    private final Database copy;
    private final Path file;
    private final Path counters;
    private final long size;
    private final long log;
    private final long written;
    private final long began = System.nanoTime();
    private long grown;
    private long logGrown;
    private double perSecond;

    Growth(TeamEdge edge, Path environment, Database copy) throws IOException {
      this.copy = copy;
      file = environment.resolve("data.mdb");
      counters = Path.of("/proc/" + edge.replica().pid() + "/io");
      size = Files.size(file);
      log = log();
      written = written();
    }

    private long written() throws IOException {
      return Files.readAllLines(counters).stream()
          .filter(line -> line.startsWith("wchar:"))
          .mapToLong(line -> Long.parseLong(line.substring(7).strip()))
          .sum();
    }

    private long log() {
      try (Snapshot snapshot = copy.snapshot()) {
        return snapshot.log().bytes();
      }
    }

    void end() throws IOException {
      logGrown = log() - log;
      grown = Files.size(file) - size - logGrown;
      perSecond = (written() - written) * 1e9 / (System.nanoTime() - began);
    }

    /** What is written while the oldest snapshot may live, and until it is looked after. */
    long bound() {
      return (long) (perSecond * (SNAPSHOT_SECONDS + 2));
    }
  }

  private double median(Setting setting, ToLongFunction<Round> value) {
    long[] sorted =
        rounds.getOrDefault(setting, List.of()).stream().mapToLong(value).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private Outcome outcome(Growth growth) {
    System.out.printf(
        "%n%-20s %-16s %10s %9s %9s %9s %11s%n",
        "times in µs, beside", "gets", "number", "p50", "p99", "p99.9", "longest");
    for (Setting setting : Setting.values()) {
      print(setting, "one by one", Round::busy);
      print(setting, "20 each ms", Round::seldom);
    }
    double[] busy = ratios(Round::busy);
    double[] seldom = ratios(Round::seldom);
    double lag = median(Setting.ANALYSTS, round -> (long) round.lag99());
    System.out.printf(
        Locale.ROOT,
        "%np99.9 × that beside nobody: analysts %.2f (one by one), %.2f (20 each ms); loops %.2f,"
            + " %.2f%nniceness %d: a share of %.0f %% of a core against one process that wants all"
            + " of it%nlag in ms, median and p99: nobody %.0f %.0f, analysts %.0f %.0f, loops %.0f"
            + " %.0f%nfile: grown by %.1f MB, and by %.1f MB of log, while %.1f MB/s were written,"
            + " %.1f MB within the life of a snapshot%n%d statements of analysts came to their end,"
            + " %d had too old a snapshot%n",
        busy[0],
        seldom[0],
        busy[1],
        seldom[1],
        NICENESS,
        100.0 * 110 / (110 + 1024),
        median(Setting.IDLE, round -> (long) round.lagMedian()),
        median(Setting.IDLE, round -> (long) round.lag99()),
        median(Setting.ANALYSTS, round -> (long) round.lagMedian()),
        lag,
        median(Setting.LOOPS, round -> (long) round.lagMedian()),
        median(Setting.LOOPS, round -> (long) round.lag99()),
        growth.grown / 1e6,
        growth.logGrown / 1e6,
        growth.perSecond / 1e6,
        growth.bound() / 1e6,
        ended.get(),
        cut.get());
    double worst = Math.max(busy[0], seldom[0]);
    return new Outcome(
        String.format(
            Locale.ROOT,
            "p99.9 %.2f × idle (loops: %.2f), file +%.1f MB of %.1f, lag p99 %.0f ms",
            worst,
            Math.max(busy[1], seldom[1]),
            growth.grown / 1e6,
            growth.bound() / 1e6,
            lag),
        "<= 2 × idle, within the snapshot's bound, <= " + LAG_MILLIS + " ms",
        worst <= LIMIT && growth.grown <= growth.bound() && lag <= LAG_MILLIS && ended.get() > 0);
  }

  private interface Which {
    Gets of(Round round);
  }

  private double[] ratios(Which gets) {
    double idle = median(Setting.IDLE, round -> gets.of(round).p999());
    return Arrays.stream(new Setting[] {Setting.ANALYSTS, Setting.LOOPS})
        .mapToDouble(setting -> median(setting, round -> gets.of(round).p999()) / idle)
        .toArray();
  }

  private void print(Setting setting, String what, Which gets) {
    System.out.printf(
        Locale.ROOT,
        "%-20s %-16s %,10.0f %9.2f %9.2f %9.2f %,11.1f%n",
        setting.title,
        what,
        median(setting, round -> gets.of(round).count()),
        median(setting, round -> gets.of(round).p50()) / 1e3,
        median(setting, round -> gets.of(round).p99()) / 1e3,
        median(setting, round -> gets.of(round).p999()) / 1e3,
        median(setting, round -> gets.of(round).longest()) / 1e3);
  }
}

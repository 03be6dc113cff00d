package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code replication.fleet}: one root below PostgreSQL, ten relays below it and two hundred edges
 * below those, on one machine. The root is a process of its own, the relays share one, the edges
 * two; each node has its own LMDB environments, commits durably and verifies every block. A write's
 * delay is from its commit record in PostgreSQL, which is a little before COMMIT returns, to when
 * the last edge has committed it.
 */
final class FleetBar implements Bar {
  private static final double LIMIT_SECONDS = 2;
  private static final int PER_SECOND = 200;
  private static final int KEYS = 10_000;
  private static final int EDGE_PROCESSES = 2;

  @Override
  public String name() {
    return "replication.fleet";
  }

  @Override
  public String description() {
    return "one root, 10 relays, 200 edges, 200 writes/s: from COMMIT to visible at the last edge";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int relays = settings.size(10, 2);
    int edges = settings.size(200, 20);
    int seconds = settings.size(300, 15);
    int writes = PER_SECOND * seconds;
    int warm = PER_SECOND * settings.size(30, 10); // the JVMs compile; not counted
    List<AutoCloseable> open = new ArrayList<>();
    try {
      Cluster cluster = Processes.cluster();
      open.add(cluster);
      EmbeddedPostgres postgres = cluster.embedPostgres();
      cluster.start(NodeSpec.root("root"));
      cluster.awaitHealthy("root");
      Path folder = cluster.folder();
      String rootPort = Integer.toString(cluster.port("root", "replication"));
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("SELECT quicksilver.create_database('kv')");
      }
      List<String> ports = new ArrayList<>();
      StorageChild relay = nodes("relays", folder, 0, relays, 0, List.of(rootPort), ports);
      open.add(relay);
      List<StorageChild> edge = new ArrayList<>();
      for (int i = 0; i < EDGE_PROCESSES; i++) {
        int each = edges / EDGE_PROCESSES;
        edge.add(nodes("edges", folder, i * each, each, warm + writes, ports, null));
        open.add(edge.get(i));
      }
      System.out.printf("%d relays and %d edges run%n", relays, edges);
      PacedWriter.write(postgres::connect, warm, PER_SECOND, KEYS, settings.seed() + 1_000);
      awaitWarm(edge, warm, edges);
      System.out.printf("%,d writes to warm up are everywhere%n", warm);
      Usage before = Usage.of(edge);
      double rate = PacedWriter.write(postgres::connect, writes, PER_SECOND, KEYS, settings.seed());
      long[] delays = awaitAll(edge, warm, writes, edges);
      Usage after = Usage.of(edge);
      System.out.println("p99 of each tenth of the writes: " + tenths(delays));
      Arrays.sort(delays);
      System.out.printf(
          Locale.ROOT,
          "%,d writes, %.0f/s; delay to the last of %d edges: p50 %.3f s, p90 %.3f, p99 %.3f,"
              + " longest %.3f%n",
          writes,
          rate,
          edges,
          at(delays, 50),
          at(delays, 90),
          at(delays, 99),
          at(delays, 100));
      System.out.printf(
          Locale.ROOT,
          "an edge takes %.2f %% of a core (%.0f µs a write) and %.1f MiB of memory of its own%n",
          100.0 * (after.cpuNanos() - before.cpuNanos()) / 1e9 / (writes / rate) / edges,
          (after.cpuNanos() - before.cpuNanos()) / 1e3 / writes / edges,
          after.ownKiB() / 1024.0 / edges);
      double p99 = at(delays, 99);
      return new Outcome(
          String.format(Locale.ROOT, "p99 %.2f s", p99), "< 2 s", p99 < LIMIT_SECONDS);
    } finally {
      for (AutoCloseable part : open.reversed()) {
        part.close();
      }
    }
  }

  /** Starts a process with nodes; with a list for their ports if they are relays. */
  private static StorageChild nodes(
      String kind,
      Path folder,
      int first,
      int count,
      int sequences,
      List<String> upstreams,
      @Nullable List<String> ports)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                kind,
                folder.toString(),
                String.valueOf(first),
                String.valueOf(count),
                "kv",
                String.valueOf(sequences)));
    arguments.addAll(upstreams);
    StorageChild child =
        StorageChild.start(
            List.of("-Xmx768m", "-XX:TieredStopAtLevel=4"),
            FleetNodes.class,
            arguments.toArray(String[]::new));
    for (String line = child.line(); !"ready".equals(line); line = child.line()) {
      if (line == null || ports == null) {
        child.close();
        throw new AssertionError("the process with the " + kind + " did not start: " + line);
      }
      ports.add(line);
    }
    return child;
  }

  /** Waits until every edge has the first ones, so that what they left behind is not counted. */
  private static void awaitWarm(List<StorageChild> processes, int first, int edges)
      throws Exception {
    for (long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1); ; ) {
      int have = 0;
      for (StorageChild process : processes) {
        process.go("count " + first);
        have += (int) numbers(process.line())[0];
      }
      if (have == edges) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "a minute after the writes to warm up only " + have + " edges had all of them");
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
  }

  /** Asks until every edge has every sequence; returns the delays in µs after the first ones. */
  private static long[] awaitAll(List<StorageChild> processes, int first, int writes, int edges)
      throws Exception {
    int all = first + writes;
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (true) {
      long[] delays = new long[all];
      int[] seenBy = new int[all];
      for (StorageChild process : processes) {
        process.go();
        for (int i = 0; i < all; i++) {
          long[] line = numbers(process.line());
          delays[i] = Math.max(delays[i], line[1] - line[0]);
          seenBy[i] += (int) line[2];
        }
      }
      if (Arrays.stream(seenBy).allMatch(count -> count == edges)) {
        return Arrays.copyOfRange(delays, first, all);
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError(
            "a minute after the last write not every edge had every entry: "
                + Arrays.stream(seenBy).filter(count -> count != edges).count()
                + " are missing somewhere");
      }
      TimeUnit.SECONDS.sleep(1);
    }
  }

  private static long[] numbers(@Nullable String line) {
    if (line == null) {
      throw new AssertionError("a process with edges ended");
    }
    return Arrays.stream(line.split(" ", -1)).mapToLong(Long::parseLong).toArray();
  }

  /** Says when the delays were long. */
  private static String tenths(long[] delays) {
    List<String> each = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      long[] some =
          Arrays.copyOfRange(delays, delays.length * i / 10, delays.length * (i + 1) / 10);
      Arrays.sort(some);
      each.add(String.format(Locale.ROOT, "%.2f", at(some, 99)));
    }
    return String.join(" ", each) + " s";
  }

  private static double at(long[] sortedMicros, int percent) {
    int index = (int) Math.ceil(sortedMicros.length * percent / 100.0) - 1;
    return sortedMicros[Math.max(0, index)] / 1e6;
  }

  /**
   * What processes have used.
   *
   * @param ownKiB memory that is not mapped from files, which the system can take back
   */
  private record Usage(long cpuNanos, long ownKiB) {
    static Usage of(List<StorageChild> processes) throws IOException {
      long nanos = 0;
      long own = 0;
      for (StorageChild process : processes) {
        nanos +=
            ProcessHandle.of(process.pid())
                .flatMap(handle -> handle.info().totalCpuDuration())
                .map(Duration::toNanos)
                .orElseThrow();
        own += OwnMemory.kib(process.pid());
      }
      return new Usage(nanos, own);
    }
  }
}

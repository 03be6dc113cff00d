package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * {@code edge.upgrade}: new processes of {@code quicksilver serve} and of the replica take the
 * place of the old ones, again and again, under reads and writes at a steady rate. Every reply is
 * compared with what is right; some readers connect anew for each read, which no listener may
 * refuse. One reads the log and another is told of changes, each over one connection: both have to
 * see each change once, in order. How far behind the edge is, is the age of each change when the
 * reader of the log has it, by the commit's own time.
 */
final class EdgeUpgradeBar implements Bar {
  private static final String ROOT = "root";
  private static final String EDGE = "edge";
  private static final String SERVE = "serve";
  private static final int READS = 20_000;
  private static final int WRITES = 500;
  private static final double LONGEST_LAG_MS = 2_000;

  /** The machine's own jitter: fewer reads than this part of what is wanted are no measurement. */
  private static final double ENOUGH = 0.98;

  @Override
  public String name() {
    return "edge.upgrade";
  }

  @Override
  public String description() {
    return "server and replica replaced by new processes under 20,000 reads/s and 500 writes/s";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int upgrades = settings.size(10, 2);
    try (Cluster cluster = Cluster.temporary(Processes.SERVICE);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      EmbeddedPostgres postgres = start(cluster);
      try (var load = new EdgeUpgradeLoad(cluster.port(SERVE, "resp"), READS, WRITES)) {
        List<Future<?>> running = load.start(threads, postgres);
        TimeUnit.SECONDS.sleep(4);
        load.measure(); // from here on: the first seconds warm all processes up
        TimeUnit.SECONDS.sleep(4);
        print("before the first one", load, 0);
        for (int i = 1; i <= upgrades; i++) {
          long began = System.nanoTime();
          cluster.replace(SERVE);
          long served = System.nanoTime();
          TimeUnit.SECONDS.sleep(2);
          long again = System.nanoTime();
          cluster.replace(EDGE);
          long replaced = System.nanoTime();
          TimeUnit.SECONDS.sleep(2);
          print("upgrade " + i, load, TimeUnit.NANOSECONDS.toMillis(replaced - again));
          System.out.printf(
              Locale.ROOT,
              "             server replaced after %,d ms%n",
              TimeUnit.NANOSECONDS.toMillis(served - began));
        }
        load.stop();
        for (Future<?> one : running) {
          one.get(2, TimeUnit.MINUTES);
        }
        EdgeUpgradeLoad.Result result = load.result();
        System.out.println(result);
        boolean enough =
            result.readsPerSecond() >= ENOUGH * READS
                && result.writesPerSecond() >= ENOUGH * WRITES;
        return new Outcome(
            String.format(
                Locale.ROOT,
                "%d upgrades under %,.0f reads/s and %,.0f writes/s%s: %d failed reads, longest lag"
                    + " %,.0f ms",
                upgrades,
                result.readsPerSecond(),
                result.writesPerSecond(),
                enough ? "" : " (too few)",
                result.failed(),
                result.longestLagMillis()),
            "0 failed, lag ≤ 2,000 ms",
            enough && result.failed() == 0 && result.longestLagMillis() <= LONGEST_LAG_MS);
      }
    }
  }

  private static void print(String when, EdgeUpgradeLoad load, long replicaMillis) {
    EdgeUpgradeLoad.Part part = load.part();
    System.out.printf(
        Locale.ROOT,
        "%-20s %,9d reads, longest %6.1f ms; %d failed; lag median %,6.0f ms, longest %,6.0f"
            + " ms%s%n",
        when,
        part.reads(),
        part.longestReadMillis(),
        part.failed(),
        part.medianLagMillis(),
        part.longestLagMillis(),
        replicaMillis == 0 ? "" : "; replica replaced after " + replicaMillis + " ms");
  }

  private static EmbeddedPostgres start(Cluster cluster) throws Exception {
    EmbeddedPostgres postgres = cluster.embedPostgres();
    cluster.start(NodeSpec.root(ROOT));
    cluster.awaitHealthy(ROOT);
    List<String> statements = new ArrayList<>();
    statements.add("SELECT quicksilver.create_database('" + EdgeUpgradeLoad.DATABASE + "')");
    statements.add(EdgeUpgradeLoad.fill());
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      for (String each : statements) {
        statement.execute(each);
      }
    }
    cluster.start(NodeSpec.replica(EDGE, ROOT));
    cluster.awaitHealthy(EDGE);
    cluster.start(NodeSpec.serve(SERVE, EDGE));
    cluster.awaitHealthy(SERVE);
    try (RespSocket socket = new RespSocket(cluster.port(SERVE, "resp"))) {
      cluster.await("the pairs at the edge", () -> EdgeUpgradeLoad.isFilled(socket));
    }
    return postgres;
  }
}

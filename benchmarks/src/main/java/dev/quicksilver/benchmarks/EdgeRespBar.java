package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code edge.resp}: redis-benchmark's GET against a RESP server on a replica's directory and
 * against a Redis with as many pairs, in turn; then both while 1,000 pairs a second are written: a
 * replica applies them, as it does, and Redis makes each durable before it answers.
 */
final class EdgeRespBar implements Bar {
  private static final double RATE_LIMIT = 0.9;
  private static final double LATENCY_LIMIT = 1.0;
  private static final int CLIENTS = 50;
  private static final int WRITES_PER_SECOND = 1_000;
  private static final String EDGE = "edge";
  private static final String SERVE = "serve";

  @Override
  public String name() {
    return "edge.resp";
  }

  @Override
  public String description() {
    return "redis-benchmark GET against Redis, pipeline 1 and 16; p99.9 under 1,000 writes a"
        + " second";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Bar.Settings settings) throws Exception {
    EdgeRedis.require();
    int pairs = settings.size(1_000_000, 50_000);
    int rounds = settings.size(5, 1);
    int seconds = settings.size(10, 2);
    Path folder = Files.createTempDirectory("quicksilver-edge-resp-");
    try (Cluster cluster = Cluster.temporary(Processes.SERVICE);
        EdgeRedis idle = EdgeRedis.start(folder.resolve("idle"), false, Map.of());
        EdgeRedis durable = EdgeRedis.start(folder.resolve("durable"), true, Map.of())) {
      Path source = folder.resolve("source");
      try (DatabaseSet set =
          DatabaseSet.open(source, StorageSample.KEEPING_LOG.withoutDurability())) {
        fill(SourceNode.create(set), pairs);
      }
      load(idle, pairs);
      load(durable, pairs);
      try (StorageChild root =
          StorageChild.startService(
              List.of("-Xmx192m", "-XX:TieredStopAtLevel=4"),
              EdgeSource.class,
              source.toString(),
              Integer.toString(pairs),
              Integer.toString(WRITES_PER_SECOND))) {
        int port = Integer.parseInt(String.valueOf(root.line()));
        cluster.start(
            NodeSpec.replica(EDGE)
                .with(
                    dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS, "127.0.0.1:" + port)
                .with(dev.quicksilver.cli.config.Settings.DATA_MAP_SIZE, "16384"));
        cluster.awaitHealthy(EDGE);
        cluster.start(
            NodeSpec.serve(SERVE, EDGE)
                .with(dev.quicksilver.cli.config.Settings.DATA_MAP_SIZE, "16384"));
        int ours = cluster.port(SERVE, "resp");
        awaitPairs(ours, pairs);
        double[] rates = rates(ours, idle.port(), pairs, rounds, seconds);
        double latency = latency(root, ours, durable.port(), pairs, rounds, seconds);
        return new Outcome(
            String.format(
                Locale.ROOT,
                "pipeline 1 %.2f × Redis, pipeline 16 %.2f × Redis, p99.9 under writes %.2f × Redis"
                    + " (medians)",
                rates[0],
                rates[1],
                latency),
            "≥ 0.9 ×, ≥ 0.9 ×, ≤ 1.0 ×",
            rates[0] >= RATE_LIMIT && rates[1] >= RATE_LIMIT && latency <= LATENCY_LIMIT);
      }
    } finally {
      Folders.remove(folder);
    }
  }

  private static void fill(Database database, int pairs) {
    for (int from = 0; from < pairs; from += 10_000) {
      EdgeSource.write(database, from, Math.min(pairs, from + 10_000));
    }
  }

  private static void load(EdgeRedis redis, int pairs) throws IOException {
    byte[] value = StorageSample.value();
    try (var client = new RedisPipe(redis.port())) {
      for (int i = 0; i < pairs; i++) {
        client.set(EdgeSource.key(i), value);
      }
      client.finish();
    }
  }

  private static void awaitPairs(int port, int pairs) throws Exception {
    String said = "";
    for (int i = 0; i < 600; i++) {
      said = SystemPackages.run(List.of("redis-cli", "-p", Integer.toString(port), "DBSIZE"));
      if (said.strip().equals(Integer.toString(pairs))) {
        return;
      }
      Thread.sleep(200);
    }
    throw new IOException("the edge has not all pairs: " + said);
  }

  private static double[] rates(int ours, int redis, int pairs, int rounds, int seconds)
      throws Exception {
    double[] ratios = new double[2];
    int[] pipelines = {1, 16};
    for (int which = 0; which < 2; which++) {
      int pipeline = pipelines[which];
      long requests = 60_000L * seconds * (pipeline == 1 ? 1 : 5);
      double[] all = new double[rounds];
      for (int round = -1; round < rounds; round++) { // the first one warms
        double peer = EdgeRedis.get(redis, requests, pairs, CLIENTS, pipeline).perSecond();
        double own = EdgeRedis.get(ours, requests, pairs, CLIENTS, pipeline).perSecond();
        if (round >= 0) {
          all[round] = own / peer;
          System.out.printf(
              "pipeline %d: ours %,.0f, Redis %,.0f GET/s: %.2f%n",
              pipeline, own, peer, own / peer);
        }
      }
      Arrays.sort(all);
      ratios[which] = all[rounds / 2];
    }
    return ratios;
  }

  private static double latency(
      StorageChild root, int ours, int redis, int pairs, int rounds, int seconds) throws Exception {
    double[] all = new double[rounds];
    long requests = 30_000L * seconds;
    for (int round = -1; round < rounds; round++) { // the first one warms
      double peer;
      try (var writing = new PacedSets(redis, pairs)) {
        peer = EdgeRedis.get(redis, requests, pairs, CLIENTS, 1).p999Millis();
        writing.check();
      }
      root.go("on");
      double own = EdgeRedis.get(ours, requests, pairs, CLIENTS, 1).p999Millis();
      root.go("off");
      System.out.printf(
          "p99.9 under %,d writes/s%s: ours %.3f ms, Redis %.3f ms: %.2f%n",
          WRITES_PER_SECOND, round < 0 ? ", warming" : "", own, peer, own / peer);
      if (round >= 0) {
        all[round] = own / peer;
      }
    }
    Arrays.sort(all);
    return all[rounds / 2];
  }

  /** Sets pairs of a Redis at the same pace as the root has new entries. */
  private static final class PacedSets implements AutoCloseable {
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final AtomicReference<IOException> failure = new AtomicReference<>();
    private final Thread thread;

    PacedSets(int port, int pairs) {
      thread =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (var client = new RedisPipe(port)) {
                      run(client, pairs);
                    } catch (IOException e) {
                      failure.set(e);
                    }
                  });
    }

    private void run(RedisPipe client, int pairs) throws IOException {
      byte[] value = StorageSample.value();
      long began = System.nanoTime();
      for (int i = 0; !stopping.get(); i++) {
        long due = began + i * (1_000_000_000L / WRITES_PER_SECOND);
        while (due - System.nanoTime() > 0) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        client.set(EdgeSource.key(i % pairs), value);
        client.finish();
      }
    }

    void check() throws IOException {
      IOException failed = failure.get();
      if (failed != null) {
        throw failed;
      }
    }

    @Override
    public void close() {
      stopping.set(true);
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}

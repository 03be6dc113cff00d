package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code gateway.commit}: from the moment COMMIT is sent until its entry is durable on the root,
 * while nothing else goes on; then what the gateway takes from eight pgbench clients that insert.
 */
final class GatewayCommitBar implements Bar {
  private static final double P50_MILLIS = 5;
  private static final double P99_MILLIS = 25;
  private static final double SHARE = 0.9;

  @Override
  public String name() {
    return "gateway.commit";
  }

  @Override
  public String description() {
    return "COMMIT to durable on the root, idle; INSERTs of 8 pgbench clients with and without it";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int samples = settings.size(500, 40);
    int rounds = settings.size(5, 1);
    int seconds = settings.size(10, 3);
    Path folder = Files.createTempDirectory("quicksilver-commit-");
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start()) {
      Migrations.migrate(postgres.jdbcUrl(), "", "");
      execute(postgres, "SELECT quicksilver.create_database('kv')");
      GatewayConfig config = GatewayConfig.of(RateSource.unixUrl(postgres), "", "");
      try (DatabaseSet databases =
          DatabaseSet.open(folder.resolve("root"), StorageSample.KEEPING_LOG)) {
        double[] fsync = fsyncs(folder, samples);
        double[] commits;
        try (Gateway gateway = Gateway.start(config, databases)) {
          streaming(gateway);
          commits = commits(postgres, databases.get("kv").orElseThrow(), config.window(), samples);
        }
        print("fsync of 4 KiB on this disk", fsync);
        print("COMMIT sent to durable on the root", commits);
        double share = throughput(postgres, config, databases, folder, rounds, seconds);
        double p50 = percentile(commits, 50);
        double p99 = percentile(commits, 99);
        double above = p99 - percentile(fsync, 99);
        return new Outcome(
            String.format(
                "p50 %.2f ms, p99 %.2f ms (%.2f ms above fsync's p99); 8 clients %.2f × (median)",
                p50, p99, above, share),
            "p50 < 5 ms, p99 < 25 ms above fsync, ≥ 0.9 ×",
            p50 < P50_MILLIS && above < P99_MILLIS && share >= SHARE);
      }
    } finally {
      Folders.remove(folder);
    }
  }

  /** Sorted times in ms of writing and flushing one page. */
  private static double[] fsyncs(Path folder, int samples) throws IOException {
    double[] millis = new double[samples];
    try (FileChannel file =
        FileChannel.open(
            folder.resolve("fsync"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer page = ByteBuffer.allocateDirect(4096);
      for (int i = 0; i < samples; i++) {
        long began = System.nanoTime();
        file.write(page.clear());
        file.force(false);
        millis[i] = (System.nanoTime() - began) / 1e6;
      }
    }
    Arrays.sort(millis);
    return millis;
  }

  /** Sorted times in ms; pauses longer than the gateway's window are between them. */
  private static double[] commits(
      EmbeddedPostgres postgres, Database database, Duration window, int samples) throws Exception {
    int warm = 20;
    double[] millis = new double[samples];
    try (Connection connection = postgres.connect();
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO kv VALUES (?, repeat('v', 100))")) {
      connection.setAutoCommit(false);
      for (int i = -warm; i < samples; i++) {
        TimeUnit.MILLISECONDS.sleep(window.toMillis() + 30);
        long before = database.head().lastSequence();
        insert.setString(1, "commit " + i);
        insert.executeUpdate();
        long began = System.nanoTime();
        connection.commit();
        while (database.head().lastSequence() == before) {
          database.awaitCommit(before, TimeUnit.SECONDS.toNanos(10));
          if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(30)) {
            throw new AssertionError("a commit was not durable on the root within 30 s");
          }
        }
        if (i >= 0) {
          millis[i] = (System.nanoTime() - began) / 1e6;
        }
      }
    }
    Arrays.sort(millis);
    return millis;
  }

  /** The median ratio of transactions per second with the gateway to those without it. */
  private static double throughput(
      EmbeddedPostgres postgres,
      GatewayConfig config,
      DatabaseSet databases,
      Path folder,
      int rounds,
      int seconds)
      throws Exception {
    Path script = folder.resolve("insert.sql");
    Files.writeString(
        script,
        """
        \\set k random(1, 1000000000000000)
        INSERT INTO kv VALUES ('key ' || :k, repeat('v', 100));
        """);
    Pgbench.require();
    double[] ratios = new double[rounds];
    for (int round = 0; round <= rounds; round++) {
      // Which one comes first changes, since the table grows.
      double with;
      double without;
      if (round % 2 == 0) {
        without = pgbench(postgres, script, seconds);
        with = attached(postgres, config, databases, script, seconds);
      } else {
        with = attached(postgres, config, databases, script, seconds);
        without = pgbench(postgres, script, seconds);
      }
      System.out.printf(
          "8 clients, INSERTs/s: %,.0f without the gateway, %,.0f with it (%.2f)%s%n",
          without, with, with / without, round == 0 ? " - to warm up, does not count" : "");
      if (round > 0) {
        ratios[round - 1] = with / without;
      }
    }
    Arrays.sort(ratios);
    return ratios[rounds / 2];
  }

  private static double attached(
      EmbeddedPostgres postgres,
      GatewayConfig config,
      DatabaseSet databases,
      Path script,
      int seconds)
      throws Exception {
    try (Gateway gateway = Gateway.start(config, databases)) {
      streaming(gateway);
      long rows = rows(postgres);
      awaitEntries(gateway, databases, rows);
      double tps = pgbench(postgres, script, seconds);
      awaitEntries(gateway, databases, rows(postgres));
      return tps;
    }
  }

  /** Every row was inserted once, so there are as many entries. */
  private static void awaitEntries(Gateway gateway, DatabaseSet databases, long rows)
      throws InterruptedException {
    Database database = databases.get("kv").orElseThrow();
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (database.head().lastSequence() < rows) {
      pause(gateway);
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the root has not all of " + rows + " rows: " + gateway.status());
      }
    }
  }

  private static double pgbench(EmbeddedPostgres postgres, Path script, int seconds)
      throws IOException, InterruptedException {
    return Pgbench.run(postgres, script, "prepared", 8, seconds);
  }

  private static void streaming(Gateway gateway) throws InterruptedException {
    while (gateway.status().state() != GatewayStatus.State.STREAMING) {
      pause(gateway);
    }
  }

  private static void pause(Gateway gateway) throws InterruptedException {
    if (gateway.status().state() == GatewayStatus.State.FAILED) {
      gateway.await();
    }
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws Exception {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static long rows(EmbeddedPostgres postgres) throws Exception {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) FROM kv")) {
      row.next();
      return row.getLong(1);
    }
  }

  private static double percentile(double[] sorted, int percent) {
    return sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
  }

  private static void print(String what, double[] sorted) {
    System.out.printf(
        "%s, %d times: p50 %.2f ms, p99 %.2f ms, longest %.2f ms%n",
        what,
        sorted.length,
        percentile(sorted, 50),
        percentile(sorted, 99),
        sorted[sorted.length - 1]);
  }
}

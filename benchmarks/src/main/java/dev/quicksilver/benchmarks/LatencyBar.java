package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.Pair;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * {@code main.latency}: from COMMIT's return to the first read at an edge, two hops away, that sees
 * the row.
 */
final class LatencyBar implements Bar {
  private static final long LIMIT_MICROS = 50_000;

  @Override
  public String name() {
    return "main.latency";
  }

  @Override
  public String description() {
    return "median time from COMMIT's return to the first read at an edge two hops away, idle"
        + " system";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int samples = settings.size(200, 20);
    Random random = new Random(settings.seed());
    long[] micros = new long[samples];
    try (Tree tree = Tree.start()) {
      tree.sql("SELECT quicksilver.create_database('kv')");
      tree.sql("INSERT INTO kv VALUES ('probe', 'none')");
      try (Connection connection = tree.connect();
          PreparedStatement update =
              connection.prepareStatement("UPDATE kv SET value = ? WHERE key = 'probe'");
          Database edge = tree.open(Node.EDGE1, "kv")) {
        for (int i = -5; i < samples; i++) {
          // A pause longer than the window of 500 ms, so that each commit is the first after one.
          TimeUnit.MILLISECONDS.sleep(700 + random.nextInt(200));
          String value = "sample " + i;
          update.setString(1, value);
          update.executeUpdate();
          long committed = System.nanoTime();
          awaitValue(edge, value.getBytes(StandardCharsets.UTF_8));
          if (i >= 0) {
            micros[i] = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - committed);
          }
        }
      }
    }
    Arrays.sort(micros);
    long median = micros[samples / 2];
    System.out.printf(
        Locale.ROOT,
        "%d commits, one at a time: min %.1f ms, median %.1f ms, p90 %.1f ms, max %.1f ms%n",
        samples,
        micros[0] / 1e3,
        median / 1e3,
        micros[samples * 9 / 10] / 1e3,
        micros[samples - 1] / 1e3);
    return new Outcome(
        String.format(Locale.ROOT, "%.1f ms", median / 1e3), "< 50 ms", median < LIMIT_MICROS);
  }

  private static void awaitValue(Database database, byte[] expected) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    byte[] key = "probe".getBytes(StandardCharsets.UTF_8);
    try (Snapshot snapshot = database.snapshot()) {
      while (true) {
        Pair pair = snapshot.get(key);
        if (pair != null && Arrays.equals(pair.value(), expected)) {
          return;
        }
        if (System.nanoTime() > deadline) {
          throw new AssertionError("the commit did not show at the edge within 30 s");
        }
        LockSupport.parkNanos(100_000); // spinning would take a core from what is measured
        snapshot.renew();
      }
    }
  }
}

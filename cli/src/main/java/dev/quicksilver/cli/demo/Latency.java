package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.edge.EdgeReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** How long after COMMIT has returned an edge shows the new value. */
final class Latency {
  private static final Duration LONGEST = Duration.ofSeconds(30);
  private static final long LOOK_NANOS = 50_000;

  private final List<Long> sortedNanos;

  private Latency(List<Long> nanos) {
    sortedNanos = new ArrayList<>(nanos);
    Collections.sort(sortedNanos);
  }

  /**
   * Commits single rows to an otherwise idle system and looks for each at an edge.
   *
   * @param pause between two commits, longer than any window so that each commit is the first after
   *     a pause
   */
  static Latency measure(
      Connection connection, String table, String key, EdgeReader edge, int commits, Duration pause)
      throws SQLException, InterruptedException {
    List<Long> nanos = new ArrayList<>();
    String upsert =
        "INSERT INTO "
            + table
            + " VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    try (PreparedStatement statement = connection.prepareStatement(upsert)) {
      for (int i = 0; i < commits; i++) {
        String value = "commit " + i;
        Thread.sleep(pause);
        statement.setString(1, key);
        statement.setString(2, value);
        statement.executeUpdate(); // auto-commit: returns when COMMIT has
        long committed = System.nanoTime();
        awaitValue(edge, key, value, committed + LONGEST.toNanos());
        nanos.add(System.nanoTime() - committed);
      }
    }
    return new Latency(nanos);
  }

  private static void awaitValue(EdgeReader edge, String key, String value, long deadline)
      throws InterruptedException {
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    while (!edge.get(bytes)
        .map(pair -> new String(pair.value(), StandardCharsets.UTF_8))
        .filter(value::equals)
        .isPresent()) {
      if (System.nanoTime() > deadline) {
        throw new CommandException(
            ExitCode.FAILURE,
            "demo: a commit did not reach the edge within " + LONGEST.toSeconds() + " s");
      }
      if (Thread.interrupted()) {
        throw new InterruptedException("a process of the demo has ended");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** Returns "median 3.1 ms, 95th percentile 5.0 ms, longest 9.8 ms". */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "median %.1f ms, 95th percentile %.1f ms, longest %.1f ms",
        at(0.5) / 1e6,
        at(0.95) / 1e6,
        sortedNanos.getLast() / 1e6);
  }

  private long at(double share) {
    return sortedNanos.get((int) (share * (sortedNanos.size() - 1)));
  }
}

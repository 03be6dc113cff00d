package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * A steady write load on the central PostgreSQL, and how long after each tenth COMMIT a snapshot of
 * the edge has it.
 */
final class IsolationWrites implements AutoCloseable {
  private static final byte[] MARK = "zz".getBytes(StandardCharsets.US_ASCII);

  private final TeamEdge edge;
  private final Database copy;
  private final int pairs;
  private final int perSecond;
  private final AtomicBoolean over = new AtomicBoolean();
  private final Histogram lags = new ConcurrentHistogram(TimeUnit.MINUTES.toMicros(10), 3);
  private final Thread writer;
  private final Thread watcher;
  private volatile String failure = "";

  /**
   * Starts it.
   *
   * @param copy the edge's, open for reading
   */
  IsolationWrites(TeamEdge edge, Database copy, int pairs, int perSecond, long seed) {
    this.edge = edge;
    this.copy = copy;
    this.pairs = pairs;
    this.perSecond = perSecond;
    writer = Thread.ofPlatform().start(() -> write(new Random(seed)));
    watcher = Thread.ofPlatform().start(this::watch);
  }

  private void write(Random random) {
    try (Connection connection = edge.central().connect();
        PreparedStatement update =
            connection.prepareStatement("UPDATE big SET value = ? WHERE key = ?")) {
      long began = System.nanoTime();
      for (long i = 0; !over.get(); i++) {
        boolean mark = i % 10 == 0;
        int number = random.nextInt(pairs);
        update.setString(1, mark ? Long.toString(System.nanoTime()) : i + "v".repeat(90) + number);
        update.setString(
            2, new String(mark ? MARK : IsolationReader.key(number), StandardCharsets.US_ASCII));
        update.executeUpdate();
        long due = began + (i + 1) * TimeUnit.SECONDS.toNanos(1) / perSecond;
        LockSupport.parkNanos(Math.max(0, due - System.nanoTime()));
      }
    } catch (SQLException e) {
      failure = e.toString();
    }
  }

  private void watch() {
    var buffer = new PairBuffer();
    long last = 0;
    try (Snapshot snapshot = copy.snapshot()) {
      while (!over.get()) {
        snapshot.renew();
        if (snapshot.get(MARK, MARK.length, buffer)) {
          long written = Long.parseLong(new String(buffer.value(), StandardCharsets.US_ASCII));
          if (written > last) {
            last = written;
            lags.recordValue((System.nanoTime() - written) / 1000);
          }
        }
        LockSupport.parkNanos(2_000_000);
      }
    }
  }

  /** The lags since the last call, in µs. */
  Histogram lags() {
    Histogram now = lags.copy();
    lags.reset();
    return now;
  }

  @Override
  public void close() {
    over.set(true);
    try {
      writer.join();
      watcher.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (!failure.isEmpty()) {
      throw new AssertionError("the writer failed: " + failure);
    }
  }
}

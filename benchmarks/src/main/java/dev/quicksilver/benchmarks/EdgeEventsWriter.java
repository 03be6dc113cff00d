package dev.quicksilver.benchmarks;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes one change after the other, each a transaction of its own, and knows what each is. One
 * thread writes; others may read what is there up to {@link #written}.
 */
final class EdgeEventsWriter {
  /** Far apart enough for a small machine that also runs PostgreSQL, two nodes and the readers. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** Longer than the window in which a root puts commits together. */
  private static final long LONG_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(700);

  private static final int KEYS = 200;

  /** A change as the log tells it. */
  record Change(String operation, String key, String value) {}

  private final @Nullable Change[] changes;
  private final long[] committed;
  private final int alone;
  private volatile int written;

  /**
   * Makes one that has not written.
   *
   * @param alone how many of the writes, the last ones, come one at a time with a pause before each
   */
  EdgeEventsWriter(int writes, int alone) {
    this.alone = alone;
    changes = new Change[writes];
    committed = new long[writes];
  }

  /**
   * Makes all of them.
   *
   * @param calm what the last ones, that come one at a time, wait for
   */
  void write(Connection connection, long seed, CountDownLatch calm)
      throws SQLException, InterruptedException {
    var random = new Random(seed);
    Set<String> there = new TreeSet<>();
    long next = System.nanoTime();
    try (PreparedStatement set =
            connection.prepareStatement(
                "INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value ="
                    + " excluded.value");
        PreparedStatement delete = connection.prepareStatement("DELETE FROM kv WHERE key = ?")) {
      for (int i = 0; i < changes.length; i++) {
        String key = "key-" + random.nextInt(KEYS);
        if (random.nextInt(4) == 0 && there.remove(key)) {
          delete.setString(1, key);
          changes[i] = new Change("del", key, "");
          delete.executeUpdate();
        } else {
          there.add(key);
          changes[i] = new Change("set", key, "value " + i);
          set.setString(1, key);
          set.setString(2, "value " + i);
          set.executeUpdate();
        }
        committed[i] = System.nanoTime();
        written = i + 1;
        next = Math.max(next + PAUSE_NANOS, System.nanoTime());
        if (i + 1 >= changes.length - alone) {
          calm.await();
          next = System.nanoTime() + LONG_PAUSE_NANOS;
        }
        while (next - System.nanoTime() > 0) {
          LockSupport.parkNanos(next - System.nanoTime());
        }
      }
    }
  }

  int written() {
    return written;
  }

  /** Returns the change of a number, 0 for the first. */
  Change change(int number) {
    return java.util.Objects.requireNonNull(changes[number]);
  }

  /** Returns when COMMIT of a change returned, as {@link System#nanoTime}. */
  long committed(int number) {
    return committed[number];
  }
}

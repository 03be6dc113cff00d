package dev.quicksilver.benchmarks;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes rows of a table {@code kv}, each in a transaction of its own, at a steady rate over
 * several connections. A write that is late does not delay the time of the next one.
 */
final class PacedWriter {
  private static final int CONNECTIONS = 8;
  private static final int VALUE_BYTES = 100;
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  private PacedWriter() {}

  /**
   * Makes so many writes; returns writes per second.
   *
   * @param keys over how many keys they are spread; values are random, of 100 letters
   */
  static double write(Callable<Connection> source, int writes, int perSecond, int keys, long seed)
      throws Exception {
    AtomicInteger next = new AtomicInteger();
    long began = System.nanoTime();
    try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        Random random = new Random(seed + i);
        results.add(
            threads.submit(
                () -> {
                  try (Connection connection = source.call()) {
                    some(connection, next, writes, perSecond, keys, random, began);
                  }
                  return null;
                }));
      }
      for (Future<?> result : results) {
        result.get();
      }
    }
    return writes * 1e9 / (System.nanoTime() - began);
  }

  private static void some(
      Connection connection,
      AtomicInteger next,
      int writes,
      int perSecond,
      int keys,
      Random random,
      long began)
      throws SQLException {
    char[] value = new char[VALUE_BYTES];
    try (PreparedStatement upsert =
        connection.prepareStatement(
            "INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value ="
                + " EXCLUDED.value")) {
      for (int i = next.getAndIncrement(); i < writes; i = next.getAndIncrement()) {
        long due = began + i * (TimeUnit.SECONDS.toNanos(1) / perSecond);
        while (due - System.nanoTime() > 0) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        for (int c = 0; c < VALUE_BYTES; c++) {
          value[c] = LETTERS.charAt(random.nextInt(LETTERS.length()));
        }
        upsert.setString(1, String.format("key %025d", random.nextInt(keys)));
        upsert.setString(2, new String(value));
        upsert.executeUpdate();
      }
    }
  }
}

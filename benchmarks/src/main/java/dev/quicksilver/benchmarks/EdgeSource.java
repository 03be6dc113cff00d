package dev.quicksilver.benchmarks;

import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * A root without PostgreSQL that has new entries at a steady pace: {@code DATA PAIRS PER-SECOND}.
 * Prints its port; writes while the last line of its input is {@code on}, each entry in a
 * transaction of its own, and commits as often as a root does, without waiting for its disk, since
 * it is not what is measured.
 */
final class EdgeSource {
  /** Commits a second: a root has a window of 500 ms if nothing else is set. */
  private static final int COMMITS = 2;

  private static volatile boolean writing;

  private EdgeSource() {}

  /** The key of redis-benchmark with a number. */
  static byte[] key(int number) {
    return String.format(Locale.ROOT, "key:%012d", number).getBytes(StandardCharsets.US_ASCII);
  }

  /** Writes pairs in one transaction. */
  static void write(Database database, int from, int to) {
    byte[] value = StorageSample.value();
    try (Appender appender = database.append()) {
      long lsn = appender.head().position().lsn() + 8;
      appender.begin(lsn, System.currentTimeMillis() * 1000);
      for (int i = from; i < to; i++) {
        value[0] = (byte) lsn;
        appender.set(key(i), value);
      }
      appender.end(new Position(1, 1, lsn));
      appender.commit();
    }
  }

  public static void main(String[] arguments) throws IOException {
    int pairs = Integer.parseInt(arguments[1]);
    int perSecond = Integer.parseInt(arguments[2]);
    try (DatabaseSet set =
            DatabaseSet.open(Path.of(arguments[0]), StorageSample.KEEPING_LOG.withoutDurability());
        ReplicationServer server =
            ReplicationServer.start("127.0.0.1", 0, set, NodeIdentity.create("source", "here"))) {
      Database database = set.get(StorageSample.IDENTITY.name()).orElseThrow();
      Thread.ofPlatform().daemon().start(() -> keepWriting(database, pairs, perSecond));
      System.out.println(server.port());
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        writing = line.equals("on");
      }
    }
  }

  private static void keepWriting(Database database, int pairs, int perSecond) {
    int group = perSecond / COMMITS;
    long due = System.nanoTime();
    for (int next = 0; ; next = (next + group) % pairs) {
      due += 1_000_000_000L / COMMITS;
      while (!writing) {
        LockSupport.parkNanos(10_000_000);
        due = System.nanoTime();
      }
      while (due - System.nanoTime() > 0) {
        LockSupport.parkNanos(due - System.nanoTime());
      }
      byte[] value = StorageSample.value();
      try (Appender appender = database.append()) {
        long lsn = appender.head().position().lsn();
        for (int i = 0; i < group; i++) {
          lsn += 8;
          appender.begin(lsn, System.currentTimeMillis() * 1000);
          value[0] = (byte) lsn;
          appender.set(key((next + i) % pairs), value);
          appender.end(new Position(1, 1, lsn));
        }
        appender.commit();
      }
    }
  }
}

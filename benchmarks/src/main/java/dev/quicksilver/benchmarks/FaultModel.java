package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Operation;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;

/**
 * What the root of a fault schedule writes. Each entry follows from the seed, the history and its
 * sequence alone, as a real root's follow from the WAL: one that begins again with an older copy
 * writes the same entries again, unless it was given another history from there on.
 *
 * @param forkAt entries after this sequence are those of the other history
 */
record FaultModel(long seed, long forkAt) {
  static final DatabaseIdentity IDENTITY =
      new DatabaseIdentity(new UUID(4, 1), "kv", "text", "text");

  /** Keeps the whole log: it is compared entry by entry. */
  static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(256L << 20).withLog(Duration.ofDays(365_000), 64L << 20);

  private static final int KEYS = 200;

  /** One without a fork. */
  static FaultModel of(long seed) {
    return new FaultModel(seed, Long.MAX_VALUE);
  }

  private Random random(long sequence) {
    return new Random(
        new Random(seed * 31 + sequence + (sequence > forkAt ? 1L << 40 : 0)).nextLong());
  }

  private Operation operation(long sequence) {
    int choice = random(sequence).nextInt(400);
    return choice == 0 ? Operation.CLEAR : choice < 60 ? Operation.DEL : Operation.SET;
  }

  private String key(long sequence) {
    Random random = random(sequence);
    random.nextInt();
    return "key " + random.nextInt(KEYS);
  }

  private String value(long sequence) {
    Random random = random(sequence);
    int length = random.nextInt(20) == 0 ? 8_000 : random.nextInt(100);
    return sequence + (sequence > forkAt ? " other " : " ") + "x".repeat(length);
  }

  /** Writes the next transaction, durable when it returns. */
  void commit(Database database) {
    long sequence = database.head().lastSequence();
    int entries = 1 + random(sequence + 1).nextInt(5);
    try (Appender appender = database.append()) {
      appender.begin(10 * sequence, 1_700_000_000_000_000L + sequence);
      for (int i = 0; i < entries; i++) {
        sequence++;
        byte[] key = key(sequence).getBytes(StandardCharsets.UTF_8);
        switch (operation(sequence)) {
          case SET -> appender.set(key, value(sequence).getBytes(StandardCharsets.UTF_8));
          case DEL -> appender.delete(key);
          case CLEAR -> appender.clear();
        }
      }
      appender.end(new Position(1, 1, 10 * sequence - 5));
      appender.commit();
    }
  }

  /**
   * Compares a database's log and content with what they must be, by means of its own.
   *
   * @throws AssertionError if an entry is missing, doubled, misplaced or wrong, or a pair is
   */
  void requireHolds(String node, Snapshot snapshot) {
    Model expected = new Model();
    LogScan log = snapshot.scanLog(1);
    long sequence = 0;
    for (LogEntry entry = log.next(); entry != null; entry = log.next()) {
      sequence++;
      String key = new String(entry.key(), StandardCharsets.UTF_8);
      String value = new String(entry.value(), StandardCharsets.UTF_8);
      Operation operation = operation(sequence);
      boolean right = entry.sequence() == sequence && entry.operation() == operation;
      switch (operation) {
        case SET -> {
          right &= key.equals(key(sequence)) && value.equals(value(sequence));
          expected.set(key, value);
        }
        case DEL -> {
          right &= key.equals(key(sequence));
          expected.remove(key);
        }
        case CLEAR -> new TreeSet<>(expected.pairs().keySet()).forEach(expected::remove);
      }
      if (!right) {
        throw new AssertionError(node + " is wrong at sequence " + sequence + ": " + entry);
      }
    }
    if (sequence != snapshot.head().lastSequence()) {
      throw new AssertionError(node + "'s log ends at " + sequence + ", head " + snapshot.head());
    }
    if (snapshot.pairs() != expected.pairs().size()
        || !Model.sum(snapshot).equals(expected.sum())) {
      throw new AssertionError(node + "'s pairs are not what its log makes");
    }
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.BitflipBar.Result;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Pair;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What a writer that may be killed writes: each commit follows from a seed and its number alone, so
 * the number in the position says what the database must hold.
 */
final class CrashModel {
  static final DatabaseIdentity IDENTITY =
      new DatabaseIdentity(new UUID(3, 7), "crash", "text", "text");

  /** The database that takes its place. */
  static final DatabaseIdentity SUCCESSOR =
      new DatabaseIdentity(new UUID(3, 8), "crash", "text", "text");

  /** Commit times are those of 1970, so that each commit trims what the one before left. */
  static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(1L << 30).withLog(Duration.ofDays(1), 1 << 20);

  /** Nothing is too old: the log grows to this size, and only then loses its oldest blocks. */
  static final StorageOptions LONG_LOG = OPTIONS.withLog(Duration.ofDays(365_000), 16 << 20);

  private static final int KEYS = 200;
  private static final int CHANGES = 10;

  private final long seed;
  private final TreeMap<String, byte[]> pairs = new TreeMap<>();
  private long commit;

  CrashModel(long seed) {
    this.seed = seed;
  }

  /** A change of a key: a new value, or none. */
  private interface Change {
    void to(String key, byte[] value);
  }

  /** Calls with an empty array for a delete; a value is never empty. */
  private static void changes(long seed, long commit, Change change) {
    Random random = new Random(seed * 31 + commit);
    for (int i = 0; i < CHANGES; i++) {
      String key = "key " + random.nextInt(KEYS);
      int length = random.nextInt(5) == 0 ? 4_000 + random.nextInt(20_000) : random.nextInt(300);
      byte[] value = new byte[random.nextInt(8) == 0 ? 0 : length + 1];
      random.nextBytes(value);
      change.to(key, value);
    }
  }

  static void commit(Database database, long seed, long commit) {
    try (Appender appender = database.append()) {
      appender.begin(commit, commit);
      changes(
          seed,
          commit,
          (key, value) -> {
            byte[] bytes = key.getBytes(StandardCharsets.US_ASCII);
            if (value.length == 0) {
              appender.delete(bytes);
            } else {
              appender.set(bytes, value);
            }
          });
      appender.end(new Position(1, 1, commit));
      appender.commit();
    }
  }

  /** Does what the commits up to this one did. */
  void follow(long last) {
    while (commit < last) {
      commit++;
      changes(
          seed,
          commit,
          (key, value) -> {
            if (value.length == 0) {
              pairs.remove(key);
            } else {
              pairs.put(key, value);
            }
          });
    }
  }

  /** Scans a database that may be damaged and says what the reader was told. */
  Result compareScan(Database database) {
    int seen = 0;
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        byte[] expected = pairs.get(new String(scan.key(), StandardCharsets.ISO_8859_1));
        if (!Arrays.equals(expected, scan.value())) {
          return Result.WRONG_VALUE;
        }
        seen++;
      }
    } catch (StorageException refused) {
      return Result.REFUSED;
    }
    return seen == pairs.size() ? Result.UNSEEN : Result.VANISHED;
  }

  /** Looks every key up in a database that may be damaged and says what the reader was told. */
  Result compareGets(Database database) {
    Result worst = Result.UNSEEN;
    try (Snapshot snapshot = database.snapshot()) {
      if (snapshot.pairs() != pairs.size()) {
        return Result.VANISHED;
      }
      for (var pair : pairs.entrySet()) {
        Result result = Result.UNSEEN;
        try {
          if (snapshot.get((pair.getKey() + "?").getBytes(StandardCharsets.US_ASCII)) != null) {
            return Result.WRONG_VALUE; // there never was such a key
          }
          Pair found = snapshot.get(pair.getKey().getBytes(StandardCharsets.US_ASCII));
          if (found == null) {
            result = Result.VANISHED;
          } else if (!Arrays.equals(found.value(), pair.getValue())) {
            result = Result.WRONG_VALUE;
          }
        } catch (StorageException refused) {
          result = Result.REFUSED;
        }
        if (result.compareTo(worst) > 0) {
          worst = result;
        }
      }
    } catch (StorageException refused) { // nothing of it can be read
      return Result.REFUSED;
    }
    return worst;
  }

  /** Follows up to a commit and throws if the database does not hold exactly what it must. */
  void requireSame(Database database) {
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      long stands = snapshot.head().position().lsn();
      follow(stands);
      if (commit != stands || snapshot.head().lastSequence() != commit * CHANGES) {
        throw new AssertionError("stands at commit " + stands + ", which was left behind");
      }
      for (var pair : pairs.entrySet()) {
        if (!scan.next()
            || !pair.getKey().equals(new String(scan.key(), StandardCharsets.US_ASCII))
            || !Arrays.equals(pair.getValue(), scan.value())) {
          throw new AssertionError("differs from commit " + commit + " at " + pair.getKey());
        }
      }
      if (scan.next()) {
        throw new AssertionError("holds more than commit " + commit + " left");
      }
    }
  }

  long commit() {
    return commit;
  }
}

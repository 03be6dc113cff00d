package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;

/** The pairs of the storage bars: keys of 29 bytes, values of 100, as in the C peer. */
final class StorageSample {
  static final DatabaseIdentity IDENTITY =
      new DatabaseIdentity(new UUID(3, 1), "sample", "text", "text");
  static final StorageOptions KEEPING_LOG =
      StorageOptions.DEFAULT
          .withMapSize(64L << 30)
          .withLog(Duration.ofDays(100_000), Long.MAX_VALUE);
  static final StorageOptions SMALL_LOG = KEEPING_LOG.withLog(Duration.ZERO, 0);

  private StorageSample() {}

  static byte[] value() {
    byte[] value = new byte[Peer.VALUE_BYTES];
    Arrays.fill(value, (byte) 'v');
    return value;
  }

  /** Appends pairs, so many in a commit; returns pairs per second. */
  static double fill(Database database, long pairs, int batch, boolean sorted) {
    return fill(database, 0, pairs, batch, sorted);
  }

  /** Goes on after the first so many pairs. */
  static double fill(Database database, long first, long pairs, int batch, boolean sorted) {
    Peer.Keys keys = new Peer.Keys();
    byte[] value = value();
    long began = System.nanoTime();
    for (long i = first; i < pairs; ) {
      try (Appender appender = database.append()) {
        appender.begin(i + 1, i + 1);
        for (int j = 0; j < batch && i < pairs; j++, i++) {
          value[0] = (byte) i;
          value[1] = (byte) (i >> 8);
          appender.set(keys.key(sorted ? i : keys.below(pairs)), value);
        }
        appender.end(new Position(1, 1, i));
        appender.commit();
      }
    }
    return (pairs - first) * 1e9 / (System.nanoTime() - began);
  }
}

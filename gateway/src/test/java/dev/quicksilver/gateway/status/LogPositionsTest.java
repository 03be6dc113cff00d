package dev.quicksilver.gateway.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.sequence.Sequenced;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogPositionsTest {
  private static final int STEP = 10;

  @TempDir Path folder;

  @Test
  void anLsnIsTheLastSequenceThatCommittedBeforeIt() {
    long seed = Long.getLong("quicksilver.seed", System.nanoTime());
    System.out.println("random entries: -Dquicksilver.seed=" + seed);
    Random random = new Random(seed);
    try (Database database = database(Sequenced.OPTIONS)) {
      long[] last = new long[101];
      for (int i = 1; i <= 100; i++) {
        int entries = 1 + random.nextInt(5);
        append(database, i * STEP, 0, entries);
        last[i] = last[i - 1] + entries;
      }
      for (long lsn = 0; lsn <= 100 * STEP + 1; lsn++) {
        // The commit record begins at a multiple of STEP: what begins there is not before it.
        int before = (int) Math.max(0, (lsn - 1) / STEP);
        assertThat(LogPositions.sequenceAt(database, lsn)).as("LSN %d", lsn).hasValue(last[before]);
      }
    }
  }

  @Test
  void whatLeftTheLogHasNoAnswer() {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    StorageOptions options =
        Sequenced.OPTIONS.withLog(Duration.ofDays(1), 4L << 30).withClock(() -> now);
    try (Database database = database(options)) {
      append(database, 10, micros(now) - Duration.ofDays(2).toNanos() / 1_000, 3);
      append(database, 20, micros(now), 2);
      assertThat(database.head().oldestSequence()).isEqualTo(4);
      assertThat(LogPositions.sequenceAt(database, 9)).isEqualTo(OptionalLong.empty());
      assertThat(LogPositions.sequenceAt(database, 20)).isEqualTo(OptionalLong.empty());
      assertThat(LogPositions.sequenceAt(database, 21)).hasValue(5);
      assertThat(LogPositions.sequenceAt(database, -1)).as("the largest of all").hasValue(5);
    }
  }

  @Test
  void nothingIsBeforeTheFirstEntry() {
    try (Database database = database(Sequenced.OPTIONS)) {
      assertThat(LogPositions.sequenceAt(database, 0)).hasValue(0);
      append(database, 10, 0, 1);
      assertThat(LogPositions.sequenceAt(database, 10)).hasValue(0);
    }
  }

  private Database database(StorageOptions options) {
    return Database.create(
        folder.resolve("d"), new DatabaseIdentity(new UUID(1, 2), "d", "text", "text"), options);
  }

  private static long micros(Instant instant) {
    return instant.toEpochMilli() * 1_000;
  }

  private static void append(Database database, long lsn, long time, int entries) {
    try (Appender appender = database.append()) {
      appender.begin(lsn, time);
      for (int i = 0; i < entries; i++) {
        appender.set(new byte[] {1, (byte) i}, new byte[0]);
      }
      appender.end(new Position(7, 1, lsn + 1));
      appender.commit();
    }
  }
}

package dev.quicksilver.storage.lmdb;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the pages of a commit stand in the file. */
class FreePagesTest {
  private static final int PAGE = 4096;
  private static final int KEYS = 10_000;
  private static final StorageOptions SHORT_LOG = FAST.withLog(Duration.ofDays(365_000), 1 << 20);

  @TempDir Path folder;
  private final Random random = new Random(1);
  private long lsn;

  @Test
  void aCommitOfManyScatteredChangesWritesFewRunsOfPages() throws IOException {
    try (Database database = Database.create(folder, DNS, SHORT_LOG)) {
      fill(database, KEYS);
      for (int i = 0; i < 600; i++) {
        overwrite(database, 100, 100);
      }
      int pages = 0;
      int runs = 0;
      for (int i = 0; i < 10; i++) {
        byte[] before = Files.readAllBytes(folder.resolve("data.mdb"));
        overwrite(database, 100, 100);
        boolean[] changed = changed(before, Files.readAllBytes(folder.resolve("data.mdb")));
        for (int page = 0; page < changed.length; page++) {
          pages += changed[page] ? 1 : 0;
          runs += changed[page] && !changed[page - 1 < 0 ? page : page - 1] ? 1 : 0;
        }
      }
      assertThat(pages).isGreaterThan(10 * 80);
      assertThat(runs).as("runs of %d pages", pages).isLessThan(pages / 2);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems()).isEmpty();
    }
  }

  @Test
  void theFileStopsGrowing() throws IOException {
    try (Database database = Database.create(folder, DNS, SHORT_LOG)) {
      fill(database, KEYS);
      for (int i = 0; i < 1_500; i++) {
        overwrite(database, 40, 100);
      }
      long grown = Files.size(folder.resolve("data.mdb"));
      for (int i = 0; i < 500; i++) {
        overwrite(database, 40, 100);
      }
      assertThat(grown).isLessThan(40 << 20);
      assertThat(Files.size(folder.resolve("data.mdb"))).isLessThan(grown + (8 << 20));
    }
  }

  /** The run that is asked for must not be what fills the map. */
  @Test
  void aMapWithHardlyAnyRoomTakesAllCommitsThatFit() {
    for (int kib = 1_300; kib < 2_800; kib += 64) {
      Path tight = folder.resolve("map-" + kib);
      StorageOptions options = SHORT_LOG.withMapSize(kib << 10).withLog(Duration.ZERO, 1 << 16);
      try (Database database = Database.create(tight, DNS, options)) {
        fill(database, 3_000);
        for (int i = 0; i < 200; i++) {
          overwrite(database, 40, 100, 3_000);
        }
      }
    }
  }

  @Test
  void aLargeTransactionFillsTheMapToTheBrimBeforeItIsRefused() {
    StorageOptions options = SHORT_LOG.withMapSize(16 << 20).withLog(Duration.ZERO, 1 << 16);
    try (Database database = Database.create(folder, DNS, options)) {
      fill(database, 100);
      byte[] value = new byte[90 << 10];
      random.nextBytes(value);
      try (Appender appender = database.append()) {
        appender.begin(++lsn, lsn);
        for (int i = 0; i < 80; i++) { // 14 MiB with the log, not in one change
          appender.set(bytes("large " + i), value);
        }
        appender.end(at(lsn));
        appender.commit();
      }
      Head last = database.head();
      assertThatThrownBy(() -> fill(database, 100_000))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
      assertThat(database.head()).isEqualTo(last);
    }
  }

  private void fill(Database database, int keys) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn);
      for (int i = 0; i < keys; i++) {
        appender.set(key(i), value(100));
      }
      appender.end(at(lsn));
      appender.commit();
    }
  }

  private void overwrite(Database database, int changes, int length) {
    overwrite(database, changes, length, KEYS);
  }

  private void overwrite(Database database, int changes, int length, int keys) {
    try (Appender appender = database.append()) {
      for (int i = 0; i < changes; i++) {
        appender.begin(++lsn, lsn);
        appender.set(key(random.nextInt(keys)), value(length));
        appender.end(at(lsn));
      }
      appender.commit();
    }
  }

  private static byte[] key(int number) {
    return bytes(String.format("key %025d", number));
  }

  private byte[] value(int length) {
    byte[] value = new byte[length];
    random.nextBytes(value);
    return value;
  }

  /** Says of each page whether it differs. */
  private static boolean[] changed(byte[] before, byte[] after) {
    boolean[] changed = new boolean[after.length / PAGE];
    for (int page = 0; page < changed.length; page++) {
      int at = page * PAGE;
      changed[page] =
          at >= before.length || !Arrays.equals(before, at, at + PAGE, after, at, at + PAGE);
    }
    return changed;
  }
}

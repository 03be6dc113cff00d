package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.OpenSnapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReaderAgeTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;
  private final AtomicReference<Instant> now = new AtomicReference<>(START);

  @Test
  void aSnapshotHeldForTooLongIsReportedAndFailsUntilItIsRenewed() {
    StorageOptions options = FAST.withClock(now::get).withMaxSnapshotAge(Duration.ofMinutes(5));
    try (Database database = Database.create(folder, DNS, options)) {
      commit(database, 1, "a=1");
      try (Snapshot snapshot = database.snapshot()) {
        now.set(START.plusSeconds(300));
        commit(database, 2, "a=2");
        assertThat(snapshot.get(bytes("a"))).isNotNull();
        assertThat(database.readers())
            .singleElement()
            .satisfies(
                reader -> {
                  assertThat(reader.thread()).contains(Thread.currentThread().getName());
                  assertThat(reader.since()).isEqualTo(START);
                  assertThat(reader.age()).isEqualTo(Duration.ofMinutes(5));
                  assertThat(reader.tooOld()).isFalse();
                });

        now.set(START.plusSeconds(301));
        commit(database, 3, "a=3");
        assertThatThrownBy(() -> snapshot.get(bytes("a")))
            .asInstanceOf(InstanceOfAssertFactories.type(StorageException.class))
            .returns(ErrorCode.SNAPSHOT_TOO_OLD, StorageException::code);
        assertThatThrownBy(() -> snapshot.scan(KeyRange.ALL, Direction.FORWARD))
            .hasMessageContaining("held for longer than PT5M");
        assertThat(database.readers()).singleElement().matches(OpenSnapshot::tooOld);

        snapshot.renew();
        assertThat(TestDatabases.text(snapshot.get(bytes("a")).value())).isEqualTo("3");
      }
      assertThat(database.readers()).isEmpty();
    }
  }

  @Test
  void aSnapshotThatRestsKeepsNothingAndIsAtTheNewestCommitWhenItIsRenewed() {
    StorageOptions options = FAST.withClock(now::get).withMaxSnapshotAge(Duration.ofMinutes(5));
    try (Database database = Database.create(folder, DNS, options)) {
      commit(database, 1, "a=1");
      try (Snapshot snapshot = database.snapshot()) {
        snapshot.rest();
        snapshot.rest();
        assertThat(database.readers()).isEmpty();
        assertThatThrownBy(() -> snapshot.get(bytes("a"))).hasMessageContaining("renew it");

        now.set(START.plusSeconds(3_600));
        commit(database, 2, "a=2");
        snapshot.renew();
        assertThat(TestDatabases.text(snapshot.get(bytes("a")).value())).isEqualTo("2");
        assertThat(database.readers()).singleElement().matches(reader -> !reader.tooOld());
        snapshot.rest();
      }
      try (Snapshot again = database.snapshot()) { // has the transaction of the one that rested
        assertThat(TestDatabases.text(again.get(bytes("a")).value())).isEqualTo("2");
      }
      assertThat(database.readers()).isEmpty();
    }
  }

  @Test
  void pagesOfARestingSnapshotAreUsedAgain() {
    try (Database database = Database.create(folder, DNS, FAST.withLog(Duration.ZERO, 0))) {
      commit(database, 1, "a=" + "x".repeat(100_000));
      try (Snapshot snapshot = database.snapshot()) {
        snapshot.rest();
        for (int i = 2; i < 20; i++) {
          commit(database, i, "a=" + "y".repeat(100_000));
        }
        long resting = database.fileBytes();
        snapshot.renew();
        for (int i = 20; i < 40; i++) {
          commit(database, i, "a=" + "z".repeat(100_000));
        }
        assertThat(resting).isLessThan(1_000_000);
        assertThat(database.fileBytes()).isGreaterThan(2_000_000);
        assertThat(TestDatabases.text(snapshot.get(bytes("a")).value())).startsWith("y");
      }
    }
  }
}

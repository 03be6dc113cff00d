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
}

package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.create;
import static dev.quicksilver.storage.TestDatabases.follow;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each failure of a read or a write is counted by its code. */
class ErrorCountsTest {
  @TempDir Path folder;

  private static void assertOnly(Database database, ErrorCode code) {
    assertThat(database.errors())
        .allSatisfy(
            (each, count) -> assertThat(count > 0).as(each.toString()).isEqualTo(each == code));
  }

  @Test
  void whatTheCallerAskedWronglyIsNotCounted() {
    try (Database database = create(folder)) {
      commit(database, 1, "a=1");
      assertThatThrownBy(() -> database.chainHashAt(9)).isInstanceOf(StorageException.class);
      assertThat(database.errors().keySet())
          .containsExactly(
              ErrorCode.DIVERGED,
              ErrorCode.CORRUPT,
              ErrorCode.NO_SPACE,
              ErrorCode.SNAPSHOT_TOO_OLD,
              ErrorCode.IO);
      assertThat(database.errors().values()).containsOnly(0L);
    }
  }

  @Test
  void aFullMapIsCounted() {
    try (Database database = Database.create(folder, DNS, FAST.withMapSize(4 << 20))) {
      assertThatThrownBy(() -> commit(database, 1, "a=" + "x".repeat(8 << 20)))
          .isInstanceOf(StorageException.class);
      assertOnly(database, ErrorCode.NO_SPACE);
    }
  }

  @Test
  void aContradictionIsCounted() {
    try (Database source = create(folder.resolve("source"));
        Database fork = create(folder.resolve("fork"))) {
      commit(source, 1, "a=1");
      commit(source, 2, "a=2");
      commit(fork, 1, "a=other");
      assertThatThrownBy(() -> follow(source, fork)).isInstanceOf(StorageException.class);
      assertOnly(fork, ErrorCode.DIVERGED);
      assertThat(fork.corruptReads()).isZero();
    }
  }

  @Test
  void damageIsCountedAsSuchAndByItsCode() throws IOException {
    try (Database database = create(folder)) {
      commit(database, 1, "key=a value to be found in the file");
      try (Snapshot snapshot = database.snapshot()) {
        assertThat(snapshot.get(bytes("key"))).isNotNull();
      }
    }
    Path file = folder.resolve("data.mdb");
    Files.writeString(
        file,
        Files.readString(file, StandardCharsets.ISO_8859_1).replace("to be found", "to be fouNd"),
        StandardCharsets.ISO_8859_1);
    try (Database database = Database.open(folder, FAST);
        Snapshot snapshot = database.snapshot()) {
      assertThatThrownBy(() -> snapshot.get(bytes("key"))).isInstanceOf(StorageException.class);
      assertOnly(database, ErrorCode.CORRUPT);
      assertThat(database.corruptReads()).isOne();
    }
  }
}

package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The databases of a node, when one of them cannot be made or opened. */
class DatabaseSetTest {
  @TempDir Path data;

  @Test
  void whatCouldNotBeMadeLeavesNoFolder() throws IOException {
    try (DatabaseSet set = DatabaseSet.open(data, FAST.withMapSize(4096))) {
      assertThatThrownBy(() -> set.create(DNS)).isInstanceOf(StorageException.class);
      assertThat(set.get(DNS.name())).isEmpty();
      try (var left = Files.list(data.resolve("databases").resolve(DNS.name()))) {
        assertThat(left).isEmpty();
      }
    }
  }

  @Test
  void oneThatIsTooDamagedToBeOpenedIsNamedAndReplaced() throws IOException {
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      commit(set.create(DNS), 1, "a=1");
    }
    Path folder = new DatabaseDirectory(data).environment(DNS.name()).orElseThrow();
    Path file = folder.resolve("data.mdb");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 3 * 4096));
    assertThatThrownBy(() -> DatabaseSet.open(data, FAST))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT));
    try (DatabaseSet set = DatabaseSet.openUndamaged(data, FAST)) {
      assertThat(set.all()).isEmpty();
      assertThat(set.damage(DNS.name()).orElseThrow()).hasMessageContaining("has been cut");
      assertThatThrownBy(() -> set.create(DNS)).hasMessageContaining("already");
      set.replace(DNS);
      assertThat(set.damaged()).isEmpty();
      assertThat(folder).doesNotExist();
    }
  }
}

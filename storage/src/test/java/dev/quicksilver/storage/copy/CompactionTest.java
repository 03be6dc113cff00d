package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompactionTest {
  @TempDir Path folder;

  @Test
  void compactionPutsASmallerGenerationInItsPlace() {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      Database database = set.create(DNS);
      commit(database, 1, "large=" + "x".repeat(2_000_000), "a=1");
      commit(database, 2, "large");
    }
    Path old = directory.environment("dns").orElseThrow();
    Compaction.Result result = Compaction.run(directory, "dns", FAST, VerifyProgress.NONE);
    assertThat(result.bytesAfter()).isLessThan(result.bytesBefore() / 2);
    assertThat(directory.environment("dns").orElseThrow()).isNotEqualTo(old);
    assertThat(old).doesNotExist();
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      assertThat(content(set.get("dns").orElseThrow())).isEqualTo(Map.of("a", "1"));
    }
  }

  @Test
  void compactionRefusesADatabaseThatIsInUse() throws Exception {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      commit(set.create(DNS), 1, "a=1");
      assertThatThrownBy(() -> Compaction.run(directory, "dns", FAST, VerifyProgress.NONE))
          .hasMessageContaining("open in some process");
    }
    Path old = directory.environment("dns").orElseThrow();
    try (FileChannel other =
            FileChannel.open(
                old.resolve("lock.mdb"), StandardOpenOption.READ, StandardOpenOption.WRITE);
        var shared = other.lock(0, 1, true)) {
      assertThat(shared.isValid()).isTrue();
      assertThatThrownBy(() -> Compaction.run(directory, "dns", FAST, VerifyProgress.NONE))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("open in some process");
    }
    assertThat(directory.environment("dns")).contains(old);
  }
}

package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.copy.Compaction;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database that a node keeps from readers. */
class WithheldTest {
  @TempDir Path folder;

  @Test
  void isRefusedWithTheReasonUntilItIsServedAgain() {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      commit(set.create(DNS), 1, "a=1");
      assertThat(set.withheld("dns")).isEmpty();
      set.withhold("dns", "it diverged");
      assertThat(directory.withheld("dns")).contains("it diverged");
      assertThatThrownBy(() -> directory.requireServed("dns"))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DIVERGED))
          .hasMessageContaining("\"dns\" is not served here: it diverged");
      set.serveAgain("dns");
      assertThatCode(() -> directory.requireServed("dns")).doesNotThrowAnyException();
    }
  }

  @Test
  void staysSoAcrossARestartAndACompactionButNotInANewCopy() {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      commit(set.create(DNS), 1, "a=1");
      set.withhold("dns", "it diverged");
    }
    Compaction.run(directory, "dns", FAST, VerifyProgress.NONE);
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      assertThat(set.withheld("dns")).contains("it diverged");
      set.replace(DNS);
      assertThat(set.withheld("dns")).isEmpty();
    }
  }

  @Test
  void aDatabaseThatIsNotThereIsNotWithheld() {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    directory.withhold("dns", "why");
    assertThat(directory.withheld("dns")).isEmpty();
    directory.serveAgain("dns");
  }
}

package dev.quicksilver.gateway.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.sequence.Sequenced;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a node's own data when it is the root. */
final class OwnCopyTest {
  @TempDir Path folder;

  @Test
  void aCopyThatWasBegunBeforeDoesNotTakeThePlaceOfWhatTheRootHas() {
    try (Sequenced node = new Sequenced(folder)) {
      DatabaseSet databases = node.databases;
      databases.create(new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text"));
      Path begun = databases.copyFolder("dns");
      assertThat(databases.copyBegun("dns")).isTrue();
      new OwnCopy(databases).abandonCopies();
      assertThat(databases.copyBegun("dns")).isFalse();
      assertThat(Files.exists(begun)).isFalse();
      assertThat(databases.get("dns")).isPresent();
    }
  }
}

package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another process holds an old snapshot of a node's file. */
final class HeldSnapshotTest {
  private static final int LARGE = 512 << 10;

  @TempDir private Path data;
  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
  private final StorageOptions options =
      StorageOptions.DEFAULT
          .withoutDurability()
          .withLog(Duration.ofDays(2), 2 << 20)
          .withClock(now::get);

  private void pass(Duration time) {
    now.set(now.get().plus(time));
  }

  /** Half of it does not compress. */
  private static String large(int number) {
    StringBuilder text = new StringBuilder(LARGE);
    for (int at = 0; text.length() < LARGE; at++) {
      text.append(UUID.nameUUIDFromBytes((number + " " + at).getBytes(UTF_8)));
    }
    return text.toString();
  }

  @Test
  void aReplicaLeavesTheProcessAloneWithTheFileBeforeThatGrowsOn() throws Exception {
    try (TestNode root = TestNode.root("root", data.resolve("root"), options);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), options)) {
      root.create("dns", new UUID(1, 1));
      root.commit("dns", set("small", "old"));
      edge.follow(root.port());
      edge.awaitStatus("dns", status -> status.state() == FollowerState.STREAMING);
      edge.awaitEqual("dns", root);
      Database before = edge.database("dns");
      try (SnapshotHolder holder = new SnapshotHolder(before.folder(), "small")) {
        root.commit("dns", set("small", "new"));
        edge.awaitEqual("dns", root);
        pass(Duration.ofSeconds(2));
        for (int i = 0; i < 60; i++) {
          root.commit("dns", set("large", large(i)));
          edge.awaitEqual("dns", root);
        }
        long grown = before.fileBytes();
        assertThat(grown).isGreaterThan(20 << 20);
        long oldest = before.head().oldestSequence();
        assertThat(edge.database("dns")).isSameAs(before);

        pass(Duration.ofMinutes(61));
        root.commit("dns", set("small", "newest"));
        Await.until(
            () -> !edge.database("dns").folder().equals(before.folder()),
            () -> edge.replica().status());
        edge.awaitStatus("dns", status -> status.state() == FollowerState.STREAMING);
        root.commit("dns", set("small", "last"));
        edge.awaitEqual("dns", root);

        Database after = edge.database("dns");
        assertThat(after.fileBytes()).isLessThan(grown / 2);
        assertThat(after.head().oldestSequence()).isGreaterThanOrEqualTo(oldest);
        assertThat(after.head().lastSequence() - after.head().oldestSequence()).isPositive();
        assertThat(after.otherReaders()).isEmpty();
        assertThat(before.folder()).doesNotExist();
        assertThat(before.folder().getParent().toFile().listFiles(File::isDirectory))
            .hasSize(2); // the generation, and the link to it
        assertThat(holder.read()).isEqualTo("old");
        Verifier.verify(after, VerifyProgress.NONE).requireClean();
      }
    }
  }
}

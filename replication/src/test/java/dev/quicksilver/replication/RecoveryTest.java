package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a follower gets over by itself. */
final class RecoveryTest {
  private static final UUID FIRST = new UUID(1, 1);
  private static final UUID SECOND = new UUID(2, 2);

  @TempDir private Path data;

  @Test
  void takesADatabaseThatWasCreatedAnewWhileItWasDown() {
    try (TestNode root = TestNode.root("root", data.resolve("root"));
        TestNode edge = TestNode.open("edge", data.resolve("edge"))) {
      root.create("dns", FIRST);
      root.commit("dns", set("old", "1"));
      edge.follow(root.port()).awaitEqual("dns", root);
      edge.stopFollowing();
      root.drop("dns");
      root.create("dns", SECOND);
      root.commit("dns", set("new", "1"));
      edge.follow(root.port()).awaitEqual("dns", root);
      assertThat(edge.database("dns").identity().id()).isEqualTo(SECOND);
    }
  }

  /** The catalog reached it, then it died before the old copy was removed. */
  @Test
  void replacesACopyOfWhichItsOwnCatalogNamesASuccessor() {
    try (TestNode root = TestNode.root("root", data.resolve("root"));
        TestNode edge = TestNode.open("edge", data.resolve("edge"))) {
      root.create("dns", SECOND);
      root.commit("dns", set("new", "1"));
      edge.follow(root.port()).awaitEqual("dns", root);
      edge.stopFollowing();
      edge.databases.drop("dns");
      edge.databases.create(
          new dev.quicksilver.storage.record.DatabaseIdentity(FIRST, "dns", "text", "text"));
      edge.follow(root.port()).awaitEqual("dns", root);
      assertThat(edge.database("dns").identity().id()).isEqualTo(SECOND);
    }
  }

  @Test
  void goesOnOnceAFullMapHasRoomAgain() {
    StorageOptions small =
        StorageOptions.DEFAULT.withMapSize(64L << 20).withLog(Duration.ofDays(1), 2L << 20);
    try (TestNode root = TestNode.root("root", data.resolve("root"));
        TestNode edge = TestNode.open("edge", data.resolve("edge"), small)) {
      root.create("dns", FIRST);
      root.commit("dns", set("small", "1"));
      edge.follow(root.port()).awaitEqual("dns", root);
      byte[] value = new byte[2 << 20];
      Random random = new Random(7);
      try (Snapshot _ = edge.database("dns").snapshot()) {
        for (int i = 0; i < 200 && !isFull(edge); i++) {
          random.nextBytes(value);
          root.commit("dns", a -> a.set("large".getBytes(UTF_8), value));
        }
        Await.until(() -> isFull(edge), () -> edge.replica().status());
      }
      edge.awaitEqual("dns", root);
    }
  }

  private static boolean isFull(TestNode edge) {
    return edge.status("dns").reason().contains("NO_SPACE");
  }
}

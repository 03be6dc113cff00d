package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What replication is for, over real sockets. */
final class ReplicationTest {
  private static final UUID DNS = new UUID(1, 1);

  @TempDir private Path data;

  private Path dir(String name) {
    return data.resolve(name);
  }

  private static String read(Database database, String key) {
    try (Snapshot snapshot = database.snapshot()) {
      var pair = snapshot.get(key.getBytes(UTF_8));
      return pair == null ? "" : new String(pair.value(), UTF_8);
    }
  }

  private static List<Consumer<Appender>> random(Random random, int transactions) {
    List<Consumer<Appender>> result = new ArrayList<>();
    for (int i = 0; i < transactions; i++) {
      int entries = 1 + random.nextInt(20);
      result.add(
          appender -> {
            for (int j = 0; j < entries; j++) {
              byte[] key = ("key" + random.nextInt(500)).getBytes(UTF_8);
              if (random.nextInt(4) == 0 && appender.get(key) != null) {
                appender.delete(key);
              } else {
                byte[] value = new byte[random.nextInt(50) == 0 ? 20_000 : random.nextInt(200)];
                random.nextBytes(value);
                appender.set(key, value);
              }
            }
          });
    }
    return result;
  }

  @Test
  void aCommitArrivesWithHistoryContentAndPosition() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode edge = TestNode.open("edge", dir("edge")).follow(root.port())) {
      root.create("dns", DNS);
      root.commit("dns", set("hello", "world"));
      edge.awaitEqual("dns", root);
      root.commit("dns", set("lorem", "ipsum"));
      root.commit("dns", a -> a.delete("hello".getBytes(UTF_8)));
      edge.awaitEqual("dns", root);
      assertThat(read(edge.database("dns"), "lorem")).isEqualTo("ipsum");
      assertThat(read(edge.database("dns"), "hello")).isEmpty();
      DatabaseStatus status = edge.awaitStatus("dns", each -> each.lag() == 0);
      assertThat(status.state()).isEqualTo(FollowerState.STREAMING);
      assertThat(status.upstream()).isEqualTo("root");
    }
  }

  @Test
  void whatARoleMayReadIsNoDatabaseAndNoDamageWhateverItIs() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode relay = TestNode.open("relay", dir("relay")).serve().follow(root.port());
        TestNode edge = TestNode.open("edge", dir("edge")).follow(relay.port())) {
      root.create("dns", DNS);
      root.commit(CatalogPair.CATALOG, set("role:app", "{\"databases\":[\"dns\"]}"));
      root.commit(CatalogPair.CATALOG, set("role:dns", "{\"id\":\"" + DNS + "\"}"));
      root.commit(CatalogPair.CATALOG, set("role:", ""));
      root.commit(CatalogPair.CATALOG, set("later:x", "no JSON"));
      root.create("zones", new UUID(1, 2));
      edge.awaitEqual(CatalogPair.CATALOG, root);
      edge.awaitEqual("zones", root);
      assertThat(edge.replica().problem()).isEmpty();
      assertThat(read(edge.database(CatalogPair.CATALOG), "role:app")).contains("dns");
      // Nothing that cannot be read keeps a database from being dropped.
      root.drop("dns");
      root.commit(CatalogPair.CATALOG, a -> a.delete("role:app".getBytes(UTF_8)));
      edge.awaitEqual(CatalogPair.CATALOG, root);
      Await.until(() -> edge.databases.get("dns").isEmpty(), () -> edge.replica().status());
      assertThat(edge.databases.all()).hasSize(2);
      assertThat(edge.replica().problem()).isEmpty();
    }
  }

  @Test
  void relaysPassBlocksOnAndAcksClimbTheTree() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode relay = TestNode.open("relay", dir("relay")).serve().follow(root.port());
        TestNode east = TestNode.open("east", dir("east")).follow(relay.port());
        TestNode west = TestNode.open("west", dir("west")).follow(relay.port())) {
      root.create("dns", DNS);
      root.commit("dns", random(new Random(1), 200));
      east.awaitEqual("dns", root);
      west.awaitEqual("dns", root);
      long last = root.database("dns").head().lastSequence();
      List<String> all =
          List.of(
              "east < relay STREAMING " + last,
              "relay < root STREAMING " + last,
              "west < relay STREAMING " + last);
      Await.until(
          () ->
              root.subtree.acks("dns").stream()
                  .map(a -> a.node() + " < " + a.upstream() + " " + a.state() + " " + a.sequence())
                  .toList()
                  .equals(all),
          () -> root.subtree.acks());
      Await.until(
          () -> relay.status("dns").followers().size() == 2, () -> relay.replica().status());
      assertThat(root.server().followers())
          .filteredOn(follower -> follower.database().equals("dns"))
          .singleElement()
          .satisfies(follower -> assertThat(follower.node()).isEqualTo("relay"));
    }
  }

  @Test
  void aFollowerResumesAtItsExactSequence() {
    try (TestNode root = TestNode.root("root", dir("root"))) {
      root.create("dns", DNS);
      root.commit("dns", random(new Random(2), 50));
      try (TestNode edge = TestNode.open("edge", dir("edge")).follow(root.port())) {
        edge.awaitEqual("dns", root);
      }
      root.commit("dns", random(new Random(3), 50));
      root.commit("dns", random(new Random(4), 50));
      try (TestNode edge = TestNode.open("edge", dir("edge"))) {
        long before = edge.database("dns").head().lastSequence();
        assertThat(before).isPositive();
        edge.follow(root.port()).awaitEqual("dns", root);
      }
    }
  }

  @Test
  void databasesAppearVanishAndComeBackAsTheCatalogSays() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode relay = TestNode.open("relay", dir("relay")).serve().follow(root.port());
        TestNode edge = TestNode.open("edge", dir("edge")).follow(relay.port())) {
      root.create("dns", DNS);
      root.create("pages", new UUID(2, 2));
      root.commit("dns", set("a", "1"));
      root.commit("pages", set("b", "2"));
      edge.awaitEqual("dns", root);
      edge.awaitEqual("pages", root);
      root.drop("dns");
      Await.until(() -> edge.databases.get("dns").isEmpty(), () -> edge.replica().status());
      root.create("dns", new UUID(3, 3));
      root.commit("dns", set("a", "another life"));
      edge.awaitEqual("dns", root);
      assertThat(edge.database("dns").identity().id()).isEqualTo(new UUID(3, 3));
      assertThat(read(edge.database("pages"), "b")).isEqualTo("2");
    }
  }

  @Test
  void aNodeKeepsItsDatabasesWhileNoUpstreamAnswers() {
    int port;
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode edge = TestNode.open("edge", dir("edge")).follow(root.port())) {
      root.create("dns", DNS);
      root.commit("dns", set("a", "1"));
      edge.awaitEqual("dns", root);
      port = root.port();
    }
    try (TestNode edge = TestNode.open("edge", dir("edge")).follow(port)) {
      Await.until(
          () -> edge.status("dns").state() == FollowerState.BACKING_OFF,
          () -> edge.replica().status());
      assertThat(read(edge.database("dns"), "a")).isEqualTo("1");
    }
  }

  @Test
  void goesOnAtAnotherUpstreamWhoseBlocksAreCutDifferently() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode other = TestNode.root("other", dir("other"))) {
      root.create("dns", DNS);
      other.create("dns", DNS);
      List<Consumer<Appender>> changes = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        changes.add(set("key" + i, "value" + i));
      }
      // The same history: here transaction by transaction and only its beginning, there in one
      // block.
      changes.subList(0, 17).forEach(change -> root.commit("dns", change));
      other.commit("dns", changes);
      try (TestNode edge = TestNode.open("edge", dir("edge"))) {
        edge.follow(root.port(), other.port());
        edge.awaitEqual("dns", root);
        root.stopServing();
        edge.awaitEqual("dns", other);
        assertThat(edge.database("dns").head().chainHash())
            .isEqualTo(other.database("dns").head().chainHash());
      }
    }
  }

  @Test
  void stopsAtTheStopSequence() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode edge = TestNode.open("edge", dir("edge"))) {
      root.create("dns", DNS);
      for (int i = 0; i < 10; i++) {
        root.commit("dns", set("key" + i, "value"));
      }
      edge.follow(edge.config(root.port()).withStopSequences(Map.of("dns", 4L)));
      edge.awaitSequence("dns", 4);
      Await.until(
          () -> edge.status("dns").state() == FollowerState.ENDED, () -> edge.replica().status());
      assertThat(edge.database("dns").head().lastSequence()).isEqualTo(4);
    }
  }

  @Test
  void aLargeTransactionArrivesWhole() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode edge = TestNode.open("edge", dir("edge")).follow(root.port())) {
      root.create("dns", DNS);
      byte[] value = new byte[300_000];
      root.commit(
          "dns",
          a -> {
            for (int i = 0; i < 40; i++) {
              new Random(i).nextBytes(value);
              a.set(("big" + i).getBytes(UTF_8), value);
            }
          });
      edge.awaitEqual("dns", root);
    }
  }

  @Test
  void underLoadManyTransactionsShareACommit() {
    try (TestNode root = TestNode.root("root", dir("root"));
        TestNode edge = TestNode.open("edge", dir("edge"))) {
      root.create("dns", DNS);
      for (int i = 0; i < 200; i++) {
        root.commit("dns", set("key" + i, "value"));
      }
      edge.follow(edge.config(root.port()).withWindow(Duration.ofMillis(500)));
      edge.awaitEqual("dns", root);
      assertThat(edge.status("dns").commits()).isLessThan(20);
    }
  }
}

package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.Message.Complete;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node says that it is complete when its upstream has said so of what is here, too. */
final class CompletingTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final long LOOK = 200_000_000;

  @TempDir private Path data;

  private final AtomicLong now = new AtomicLong(5);

  private TestNode node(String name) {
    return TestNode.root(name, data.resolve(name));
  }

  private static Position at(long lsn) {
    return new Position(9, 1, lsn);
  }

  private static Completeness complete(TestNode root, long lsn) {
    Completeness upTo = Completeness.of(at(lsn), root.databases);
    root.databases.complete(upTo);
    return upTo;
  }

  private static void awaitComplete(TestNode node, Completeness upTo) {
    Await.until(
        () -> node.databases.completeness().equals(Optional.of(upTo)),
        () -> node.databases.completeness());
  }

  private void look(Completing completing) {
    now.addAndGet(LOOK);
    completing.look();
  }

  @Test
  void goesDownTheTreeAndOutlastsThoseAbove() {
    Completeness idle;
    try (TestNode root = node("root");
        TestNode relay = TestNode.open("relay", data.resolve("relay"))) {
      relay.serve().follow(root.port());
      try (TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(relay.port())) {
        root.create("dns", DNS);
        root.commit("dns", set("a", "1"));
        awaitComplete(edge, complete(root, 5000));
        // WAL without an entry.
        idle = complete(root, 6000);
        awaitComplete(relay, idle);
        awaitComplete(edge, idle);
      }
    }
    try (TestNode relay = TestNode.open("relay", data.resolve("relay")).serve();
        TestNode late = TestNode.open("late", data.resolve("late")).follow(relay.port())) {
      awaitComplete(late, idle);
    }
  }

  @Test
  void isSaidOnlyWhenEachDatabaseHasGotThere() throws Exception {
    try (TestNode root = node("root");
        TestNode here = node("here")) {
      for (TestNode each : List.of(root, here)) {
        each.create("dns", DNS);
        each.create("zones", new UUID(1, 2));
      }
      Completing completing = new Completing(here.databases, false, now::get);
      root.commit("dns", set("a", "1"));
      Completeness first = complete(root, 5000);
      root.commit("zones", set("z", "1"));
      Completeness second = complete(root, 6000);
      completing.heard(new Complete(true, first));
      completing.heard(new Complete(true, second));
      look(completing);
      assertThat(here.databases.completeness()).isEmpty();
      here.commit("dns", set("a", "1"));
      look(completing);
      assertThat(here.databases.completeness()).contains(first);
      here.commit("zones", set("z", "1"));
      look(completing);
      assertThat(here.databases.completeness()).contains(second);
    }
  }

  @Test
  void aDatabaseThatTheCatalogNamesAndThatIsNotHereIsMissed() throws Exception {
    try (TestNode root = node("root");
        TestNode here = node("here")) {
      for (TestNode each : List.of(root, here)) {
        each.create("dns", DNS);
        each.commit("dns", set("a", "1"));
      }
      here.databases.drop("dns");
      Completing completing = new Completing(here.databases, false, now::get);
      Completeness upTo = complete(root, 5000);
      completing.heard(new Complete(true, upTo));
      look(completing);
      assertThat(here.databases.completeness()).isEmpty();
      // Dropped, in the catalog too, it is not.
      here.commit(CatalogPair.CATALOG, appender -> appender.delete("dns".getBytes()));
      look(completing);
      assertThat(here.databases.completeness()).contains(upTo);
    }
  }

  @Test
  void comesInPartsAndWhatWasHalfSaidIsForgotten() throws Exception {
    try (TestNode here = node("here")) {
      DatabaseSet set = here.databases;
      Completing completing = new Completing(set, false, now::get);
      Completeness whole = Completeness.of(at(7), set);
      Map<UUID, Completeness.Point> other =
          Map.of(new UUID(3, 3), new Completeness.Point(0, Protocol.NO_HASH));
      completing.heard(new Complete(false, new Completeness(at(7), other)));
      completing.connected();
      completing.heard(new Complete(true, whole));
      look(completing);
      assertThat(set.completeness()).contains(whole);
      completing.heard(new Complete(false, new Completeness(at(8), other)));
      completing.heard(new Complete(true, new Completeness(at(8), whole.databases())));
      look(completing);
      assertThat(set.completeness().orElseThrow().databases()).hasSize(2);
    }
  }

  @Test
  void moreDatabasesThanThereCanBeEndTheConnection() throws Exception {
    try (TestNode here = node("here")) {
      Completing completing = new Completing(here.databases, false, now::get);
      assertThatThrownBy(
              () -> {
                for (int part = 0; ; part++) {
                  Map<UUID, Completeness.Point> some = new HashMap<>();
                  for (int i = 0; i < Protocol.MAX_ITEMS; i++) {
                    some.put(new UUID(part, i), new Completeness.Point(1, Protocol.NO_HASH));
                  }
                  completing.heard(new Complete(false, new Completeness(at(1), some)));
                }
              })
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void farBehindTheNewestIsKept() throws Exception {
    try (TestNode root = node("root");
        TestNode here = node("here")) {
      for (TestNode each : List.of(root, here)) {
        each.create("dns", DNS);
      }
      Completing completing = new Completing(here.databases, false, now::get);
      for (int i = 1; i <= 500; i++) {
        root.commit("dns", set("a", "" + i));
        completing.heard(new Complete(true, Completeness.of(at(5000 + i), root.databases)));
      }
      look(completing);
      assertThat(here.databases.completeness()).isEmpty();
      for (int i = 1; i <= 500; i++) {
        here.commit("dns", set("a", "" + i));
      }
      look(completing);
      assertThat(here.databases.completeness().orElseThrow().position()).isEqualTo(at(5500));
    }
  }

  @Test
  void waitsWithBoundedMemoryForTheOldestAndTheNewestOfManyDatabases() throws Exception {
    try (TestNode root = node("root");
        TestNode here = node("here")) {
      for (TestNode each : List.of(root, here)) {
        each.create("dns", DNS);
      }
      Completing completing = new Completing(here.databases, false, now::get);
      for (int i = 1; i <= 20; i++) {
        root.commit("dns", set("a", "" + i));
        Map<UUID, Completeness.Point> points =
            new HashMap<>(Completeness.of(at(5000 + i), root.databases).databases());
        for (int other = 0; other < 50_000; other++) {
          points.put(new UUID(70, other), new Completeness.Point(0, Protocol.NO_HASH));
        }
        completing.heard(new Complete(true, new Completeness(at(5000 + i), points)));
        assertThat(completing.points()).isLessThan(160_000);
      }
      here.commit("dns", set("a", "1"));
      look(completing);
      assertThat(here.databases.completeness().orElseThrow().position()).isEqualTo(at(5001));
      for (int i = 2; i <= 20; i++) {
        here.commit("dns", set("a", "" + i));
      }
      look(completing);
      assertThat(here.databases.completeness().orElseThrow().position()).isEqualTo(at(5020));
    }
  }

  @Test
  void anUpstreamOfTheVersionBeforeSaysNothingOfIt() {
    try (TestNode root = node("root");
        ReplicationServer old =
            ReplicationServer.start(
                "127.0.0.1",
                0,
                root.databases,
                root.identity.speaking(new ProtocolVersions(1, 2)));
        TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(old.port())) {
      root.databases.create(new DatabaseIdentity(new UUID(4, 4), "other", "text", "text"));
      complete(root, 5000);
      root.create("dns", DNS);
      root.commit("dns", set("a", "1"));
      edge.awaitEqual("dns", root);
      assertThat(edge.databases.completeness()).isEmpty();
    }
  }
}

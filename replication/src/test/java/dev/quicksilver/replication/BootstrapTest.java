package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.ChainHash;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose upstreams no longer have the log that it needs copies a snapshot. */
final class BootstrapTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final StorageOptions FAST = StorageOptions.DEFAULT.withoutDurability();
  private static final StorageOptions FORGETFUL = FAST.withLog(Duration.ofDays(365), 1);
  private static final StorageOptions SHORT = FAST.withLog(Duration.ofDays(365), 8 << 20);
  private static final int VALUE = 8_000;

  @TempDir private Path data;
  private final Random random = new Random(4);

  private TestNode source(String name, StorageOptions options) {
    TestNode node = TestNode.root(name, data.resolve(name), options);
    node.create("dns", DNS);
    return node;
  }

  private static byte[] key(int i) {
    return String.format("key%08d", i).getBytes(UTF_8);
  }

  /** So many MiB of pairs that do not compress, and nothing of them in a forgetful log. */
  private void fill(TestNode node, int mebibytes) {
    byte[] value = new byte[VALUE];
    int pairs = (mebibytes << 20) / VALUE;
    for (int at = 0; at < pairs; ) {
      int from = at;
      int to = Math.min(pairs, at + 500);
      node.commit(
          "dns",
          a -> {
            for (int i = from; i < to; i++) {
              random.nextBytes(value);
              a.set(key(i), value);
            }
          });
      at = to;
    }
    node.commit("dns", set("last", "1"));
  }

  private static void requireClean(TestNode node) {
    assertThat(Verifier.verify(node.database("dns"), VerifyProgress.NONE).problems()).isEmpty();
  }

  @Test
  void anEmptyNodeCopiesCatalogAndDatabases() {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      root.create("other", new UUID(2, 2));
      root.create("third", new UUID(3, 3));
      fill(root, 6);
      assertThat(root.database("quicksilver").head().oldestSequence()).isGreaterThan(1);
      edge.follow(root.port());
      edge.awaitEqual("dns", root);
      edge.awaitEqual("quicksilver", root);
      Await.until(() -> edge.databases.get("third").isPresent(), () -> edge.replica().status());
      requireClean(edge);
      root.commit("dns", set("after", "1"));
      edge.awaitEqual("dns", root);
      assertThat(edge.status("dns").state()).isEqualTo(FollowerState.STREAMING);
      assertThat(edge.status("dns").copy()).isEmpty();
    }
  }

  @Test
  void noReadFailsWhileTheCopyTakesTheOldOnesPlace() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      root.commit("dns", set("always", "1"));
      edge.follow(root.port()).awaitEqual("dns", root);
      edge.stopFollowing();
      fill(root, 20);
      Database old = edge.database("dns");
      AtomicBoolean stop = new AtomicBoolean();
      AtomicLong reads = new AtomicLong();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      List<Thread> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        boolean fresh = i == 0;
        readers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        while (!stop.get()) {
                          Database database = fresh ? edge.database("dns") : old;
                          try (Snapshot snapshot = database.snapshot()) {
                            assertThat(snapshot.get("always".getBytes(UTF_8))).isNotNull();
                          }
                          reads.incrementAndGet();
                        }
                      } catch (Throwable e) {
                        failure.set(e);
                      }
                    }));
      }
      try (Snapshot held = old.snapshot()) {
        edge.follow(root.port()).awaitEqual("dns", root);
        assertThat(edge.database("dns")).isNotSameAs(old);
        assertThat(held.pairs()).isEqualTo(1);
        assertThat(held.get("always".getBytes(UTF_8))).isNotNull();
        Await.until(() -> Files.notExists(old.folder()), old::folder); // after the swap
        held.renew();
        assertThat(held.pairs()).isEqualTo(1);
      }
      long then = reads.get();
      Await.until(() -> reads.get() > then + 100, failure::get);
      stop.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
      assertThat(failure).hasNullValue();
      assertThat(old.head()).isEqualTo(edge.database("dns").head());
      requireClean(edge);
    }
  }

  @Test
  void copiesUnderWriteLoadThroughCuts() throws Exception {
    try (TestNode root = source("root", SHORT);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      fill(root, 48);
      try (CutProxy proxy =
          new CutProxy(
              root.port(),
              (n, _) -> n < 12 ? (n % 2 + 1) * random.nextLong(20L << 20) : Long.MAX_VALUE)) {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread writer =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        load(root, stop);
                      } catch (Throwable e) {
                        failure.set(e);
                      }
                    });
        edge.follow(proxy.port());
        Await.until(
            () -> edge.databases.get("dns").map(d -> d.head().lastSequence() > 0).orElse(false),
            () -> edge.replica().status());
        stop.set(true);
        writer.join();
        assertThat(failure).hasNullValue();
        edge.awaitEqual("dns", root);
        assertThat(proxy.cuts()).isPositive();
        requireClean(edge);
      }
    }
  }

  /** Sets, overwrites, deletes: keys that are copied already and keys that are not. */
  private static void load(TestNode root, AtomicBoolean stop) {
    Random random = new Random(8);
    for (int i = 0; !stop.get(); i++) {
      List<Consumer<Appender>> changes = new ArrayList<>();
      for (int j = 0; j < 3; j++) {
        byte[] key = key(random.nextInt(7_000));
        String value = "load " + i;
        changes.add(
            random.nextInt(4) == 0 ? a -> a.delete(key) : a -> a.set(key, value.getBytes(UTF_8)));
      }
      root.commit("dns", changes);
    }
  }

  @Test
  void aCutInTheMiddleCostsLittle() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      edge.follow(root.port());
      edge.awaitEqual("quicksilver", root);
      edge.stopFollowing();
      fill(root, 60);
      // Only the copy's connection comes so far.
      try (CutProxy proxy =
          new CutProxy(root.port(), (_, cuts) -> cuts == 0 ? 40L << 20 : Long.MAX_VALUE)) {
        edge.follow(proxy.port());
        edge.awaitEqual("dns", root);
        assertThat(proxy.cuts()).isEqualTo(1);
        assertThat(edge.status("dns").receivedBytes()).isLessThan(90L << 20);
        requireClean(edge);
      }
    }
  }

  @Test
  void anotherPeerGoesOnWhenTheFirstOneDies() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode relay = TestNode.open("relay", data.resolve("relay"), FAST);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      fill(root, 60);
      relay.serve().follow(root.port()).awaitEqual("dns", root);
      relay.stopFollowing();
      try (CutProxy proxy = new CutProxy(root.port(), (_, cuts) -> cuts == 0 ? 40L << 20 : 0)) {
        edge.follow(proxy.port());
        awaitCut(edge, proxy);
        edge.stopFollowing();
        edge.follow(proxy.port(), relay.port());
        edge.awaitEqual("dns", root);
        assertThat(edge.status("dns").receivedBytes()).isLessThan(55L << 20);
        requireClean(edge);
      }
    }
  }

  @Test
  void aPeerWithAnotherHistoryDoesNotGoOnWithTheCopy() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode fork = source("fork", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      fill(root, 48);
      fill(fork, 48);
      AtomicBoolean open = new AtomicBoolean();
      try (CutProxy proxy = closingInMidCopy(root, open)) {
        edge.follow(proxy.port());
        awaitCut(edge, proxy);
        edge.stopFollowing();
        assertThat(edge.databases.copyBegun("dns")).isTrue();
        try (CutProxy closed = new CutProxy(root.port(), (_, _) -> 0)) {
          edge.follow(closed.port(), fork.port());
          Await.until(
              () -> edge.status("dns").reason().contains("FORK"), () -> edge.replica().status());
          edge.stopFollowing();
        }
        assertThat(edge.databases.copyBegun("dns")).isTrue();
        open.set(true);
        edge.follow(proxy.port(), fork.port());
        edge.awaitEqual("dns", root);
        requireClean(edge);
      }
    }
  }

  /** Peers that let nobody in say nothing against the copy that was begun. */
  @Test
  void aCopyThatWasBegunIsKeptWhileAllPeersRefuseTheNode() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      fill(root, 48);
      AtomicBoolean open = new AtomicBoolean();
      try (CutProxy proxy = closingInMidCopy(root, open)) {
        edge.follow(proxy.port());
        awaitCut(edge, proxy);
        edge.stopFollowing();
        int port = root.port();
        root.stopServing();
        NodeIdentity later = NodeIdentity.create("root", "test").speaking(later());
        try (ReplicationServer _ =
            ReplicationServer.start("127.0.0.1", port, root.databases, later)) {
          open.set(true);
          edge.follow(proxy.port());
          Await.until(() -> refusals(edge, RefusalCode.VERSION) > 5, () -> edge.replica().status());
          // Between two refusals the reason is that it goes on.
          Await.until(
              () -> edge.status("dns").reason().contains("VERSION"), () -> edge.replica().status());
        }
        root.serve(port);
        edge.awaitEqual("dns", root);
        assertThat(edge.status("dns").receivedBytes()).isLessThan(40L << 20);
      }
    }
  }

  private static ProtocolVersions later() {
    int highest = ProtocolVersions.SUPPORTED.highest();
    return new ProtocolVersions(highest + 1, highest + 2);
  }

  private static long refusals(TestNode node, RefusalCode code) {
    return node.replica().refusals().stream()
        .filter(refusal -> refusal.code() == code)
        .mapToLong(RefusalCount::count)
        .sum();
  }

  /** Cuts the copy after 36 MiB; nobody comes through after that until it is opened. */
  private static CutProxy closingInMidCopy(TestNode target, AtomicBoolean open) throws IOException {
    return new CutProxy(
        target.port(), (_, cuts) -> open.get() ? Long.MAX_VALUE : cuts == 0 ? 36L << 20 : 0);
  }

  /** Waits until the edge itself has seen it: what came before is kept then. */
  private static void awaitCut(TestNode edge, CutProxy proxy) {
    Await.until(
        () -> proxy.cuts() > 0 && edge.status("dns").reason().startsWith("copying: "),
        () -> edge.replica().status());
  }

  @Test
  void copiesFromThePeerThatAnswersWhileAnotherIsDownForGood() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST);
        CutProxy down = new CutProxy(root.port(), (_, _) -> 0)) {
      fill(root, 1);
      edge.follow(down.port(), root.port()).awaitEqual("dns", root);
      requireClean(edge);
    }
  }

  @Test
  void beginsAnewWhenNoPeersLogReachesBackToTheCopy() throws Exception {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      fill(root, 48);
      AtomicBoolean open = new AtomicBoolean();
      try (CutProxy proxy = closingInMidCopy(root, open)) {
        edge.follow(proxy.port());
        awaitCut(edge, proxy);
        edge.stopFollowing();
        for (int i = 0; i < 5; i++) {
          root.commit("dns", set("more" + i, "1"));
        }
        open.set(true);
        edge.follow(proxy.port());
        edge.awaitEqual("dns", root);
        requireClean(edge);
      }
    }
  }

  @Test
  void copiesTheLargestValue() {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST)) {
      byte[] largest = new byte[64 << 20];
      random.nextBytes(largest);
      root.commit("dns", a -> a.set("a".getBytes(UTF_8), largest));
      root.commit("dns", set("b", "small"));
      root.commit("dns", a -> a.set("c".getBytes(UTF_8), new byte[5 << 20]));
      root.commit("dns", set("d", "small"));
      edge.follow(root.port()).awaitEqual("dns", root);
      assertThat(edge.database("dns").head().oldestSequence()).isGreaterThan(1);
      requireClean(edge);
    }
  }

  @Test
  void aNodeOnAForkCopiesAnewWhenItIsTold() {
    try (TestNode root = source("root", FORGETFUL);
        TestNode edge = TestNode.open("edge", data.resolve("edge"), FAST).serve();
        TestNode below = TestNode.open("below", data.resolve("below"), FAST)) {
      fill(root, 1);
      edge.follow(root.port()).awaitEqual("dns", root);
      edge.stopFollowing();
      edge.commit("dns", set("something", "else"));
      root.commit("dns", set("key", "value"));
      below.follow(edge.port()).awaitEqual("dns", edge);
      edge.follow(root.port());
      Await.until(
          () -> edge.status("dns").state() == FollowerState.REFUSED, () -> edge.replica().status());
      assertThat(edge.status("dns").refusal().orElseThrow().code()).isEqualTo(RefusalCode.FORK);
      ChainHash old = edge.database("dns").head().chainHash();
      assertThat(edge.replica().copyAnew("nothing")).isFalse();
      assertThat(edge.replica().copyAnew("dns")).isTrue();
      edge.awaitEqual("dns", root);
      assertThat(edge.database("dns").head().chainHash()).isNotEqualTo(old);
      requireClean(edge);
      // Who followed the wrong history is not led over to another one unasked.
      Await.until(
          () -> below.status("dns").state() == FollowerState.REFUSED,
          () -> below.replica().status());
      assertThat(below.database("dns").head().chainHash()).isEqualTo(old);
    }
  }
}

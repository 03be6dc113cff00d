package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.Message.SubtreeAcks;
import dev.quicksilver.storage.record.ChainHash;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A root, a relay and an edge: what climbs the tree and what comes down. */
final class TreeTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

  @TempDir private Path data;
  private TestNode root;
  private TestNode relay;
  private TestNode edge;

  @BeforeEach
  void start() {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    root.commit("dns", set("a", "1"));
    relay = TestNode.open("relay", data.resolve("relay")).serve().follow(root.port());
    edge = TestNode.open("edge", data.resolve("edge")).follow(relay.port());
    edge.awaitEqual("dns", root);
  }

  @AfterEach
  void stop() {
    edge.close();
    relay.close();
    root.close();
  }

  private static List<String> nodes(TestNode at) {
    return at.subtree.acks("dns").stream().map(NodeAck::node).toList();
  }

  private RawClient raw(int port) throws IOException {
    RawClient client = new RawClient(port);
    client.ask(
        RawClient.follow(
            CatalogPair.CATALOG, TestNode.CATALOG_ID, 0, ChainHash.genesis(TestNode.CATALOG_ID)));
    return client;
  }

  private static double lag(TestNode node) {
    return node.status("dns").lagMicros().orElse(-1) / 1e6;
  }

  @Test
  void moreNodesThanOneMessageHoldsAreAllKnownAtTheRoot() throws IOException {
    List<NodeAck> many =
        IntStream.range(0, Protocol.MAX_REPORTED + 100)
            .mapToObj(i -> TestNode.ack("dns", String.format("many-%04d", i), 1, 1))
            .toList();
    int most = Protocol.MAX_REPORTED;
    try (RawClient client = raw(relay.port())) {
      AckKey after = AckKey.FIRST;
      for (int from = 0; from < many.size(); from += most) {
        List<NodeAck> some = many.subList(from, Math.min(from + most, many.size()));
        client.out.write(new SubtreeAcks(after, from + most >= many.size(), some));
        after = some.getLast().key();
      }
      client.out.flush();
      Await.until(() -> nodes(root).size() == many.size() + 2, () -> nodes(root).size());
      assertThat(nodes(root)).contains("edge", "relay", "many-0000", many.getLast().node());
    }
    Await.until(() -> nodes(root).equals(List.of("edge", "relay")), () -> nodes(root).size());
  }

  @Test
  void aNodeThatMovesCountsOnceAndOneThatEndsVanishes() {
    Await.until(() -> nodes(root).equals(List.of("edge", "relay")), () -> nodes(root));
    edge.stopFollowing();
    edge.follow(root.port());
    Await.until(
        () ->
            root.subtree.acks("dns").stream()
                .map(ack -> ack.node() + " < " + ack.upstream())
                .toList()
                .equals(List.of("edge < root", "relay < root")),
        () -> root.subtree.acks("dns"));
    edge.stopFollowing();
    Await.until(() -> nodes(root).equals(List.of("relay")), () -> nodes(root));
  }

  @Test
  void aStalledRelayMakesTheLagBelowItGrow() {
    Await.until(() -> lag(edge) >= 0 && lag(edge) < 30, () -> edge.status("dns"));
    relay.stopFollowing();
    relay.skipped.addAndGet(MINUTE); // the edge is told by the relay how old its news is
    Await.until(() -> lag(edge) >= 60, () -> edge.status("dns"));
    edge.skipped.addAndGet(MINUTE);
    DatabaseStatus stalled = edge.awaitStatus("dns", _ -> lag(edge) >= 120);
    assertThat(stalled.state()).isEqualTo(FollowerState.STREAMING);
  }

  @Test
  void anEdgeKnowsWhatTheRootHasAndTheRelayNot() {
    long sequence = root.commit("dns", set("b", "2")).lastSequence();
    edge.awaitEqual("dns", root);
    Await.until(
        () -> edge.status("dns").rootSequence() == sequence && lag(edge) >= 0 && lag(edge) < 30,
        () -> edge.status("dns"));
    edge.awaitStatus("dns", status -> status.lag() == 0);
    // What the edge knows of the root climbs up with a later report than that of its sequence.
    Await.until(() -> reported().isPresent(), () -> root.subtree.acks("dns"));
    NodeAck ack = reported().orElseThrow();
    root.skipped.addAndGet(MINUTE);
    assertThat(root.subtree.lagMicros(ack).orElseThrow()).isGreaterThanOrEqualTo(60_000_000);
  }

  private Optional<NodeAck> reported() {
    return root.subtree.acks("dns").stream()
        .filter(ack -> ack.node().equals("edge") && root.subtree.lagMicros(ack).isPresent())
        .findFirst();
  }

  @Test
  void aNodeThatSpeaksForAnotherOneIsDisconnected() throws IOException {
    try (RawClient client = raw(root.port())) {
      client.out.write(new Message.Ack(TestNode.ack("dns", "somebody", 1, 1)));
      client.out.flush();
      client.awaitHangUp();
      Await.until(
          () -> root.server().followers().stream().noneMatch(f -> f.node().equals("raw")),
          () -> root.server().followers());
      assertThat(nodes(root)).doesNotContain("somebody");
    }
  }
}

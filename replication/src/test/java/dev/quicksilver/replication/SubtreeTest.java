package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SubtreeTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final UUID INSTANCE = new UUID(2, 1);
  private static final UUID OTHER = new UUID(2, 2);
  private static final NodeRun FIRST = new NodeRun(INSTANCE, new UUID(3, 1), 1_000);
  private static final NodeRun SECOND = new NodeRun(INSTANCE, new UUID(3, 2), 2_000);

  private final Subtree subtree = new Subtree();

  private static SubtreeAcks all(NodeAck... acks) {
    return new SubtreeAcks(AckKey.FIRST, true, List.of(acks));
  }

  @Test
  void ofTwoReportsOfANodeTheOneSaidLaterHolds() {
    subtree.record("relay-1", all(TestNode.ack("dns", "edge", 9, 100)));
    subtree.record("relay-2", all(TestNode.ack("dns", "edge", 5, 101)));
    assertThat(subtree.acks("dns")).containsExactly(TestNode.ack("dns", "edge", 5, 101));
    assertThat(subtree.acks()).containsOnlyKeys("dns");
    subtree.forget("relay-2");
    assertThat(subtree.acks("dns")).containsExactly(TestNode.ack("dns", "edge", 9, 100));
  }

  /** A word of a run. */
  private static NodeAck word(NodeRun run, String node, long said) {
    return TestNode.ack("dns", node, 1, said).by(run, DNS);
  }

  private List<UUID> ids() {
    return subtree.nodes().get("dns").stream().map(NodeBelow::instance).toList();
  }

  private List<String> problems() {
    return subtree.nodes().get("dns").stream()
        .map(node -> node.problem().map(NodeProblem::name).orElse("none"))
        .toList();
  }

  @Test
  void nodesOfOneNameAreTwoAndBothAreMarked() {
    subtree.record("a", word(FIRST, "edge", 1_000));
    subtree.record("b", word(new NodeRun(OTHER, new UUID(9, 9), 900), "edge", 1_000));
    subtree.record("b", word(new NodeRun(new UUID(8, 8), new UUID(9, 10), 900), "own", 1_000));
    assertThat(ids()).containsExactlyInAnyOrder(INSTANCE, OTHER, new UUID(8, 8));
    assertThat(problems()).containsExactly("NAME_IN_USE", "NAME_IN_USE", "none");
    subtree.forget("b");
    assertThat(problems()).containsExactly("none");
  }

  @Test
  void nodesThatSayNothingButTheirNameAreToldApartByIt() {
    subtree.record("a", TestNode.ack("dns", "edge", 5, 1_000));
    subtree.record("b", TestNode.ack("dns", "edge", 6, 1_001));
    subtree.record("c", word(FIRST, "edge", 1_000)); // perhaps the same, by another way
    assertThat(ids()).containsExactlyInAnyOrder(NodeRun.named("edge").instance(), INSTANCE);
    assertThat(problems()).containsExactly("none", "none");
  }

  @Test
  void aNodeThatIsStartedAgainCountsOnceThoughItsLastWordLingers() {
    subtree.record("a", word(FIRST, "edge", 1_999));
    subtree.record("b", word(SECOND, "renamed", 2_000));
    assertThat(subtree.acks("dns")).extracting(NodeAck::node).containsExactly("renamed");
    assertThat(ids()).containsExactly(INSTANCE);
    assertThat(problems()).containsExactly("none");
    subtree.record("c", word(FIRST, "edge", 1_998)); // an older word still, by another way
    assertThat(ids()).containsExactly(INSTANCE);
  }

  @Test
  void twoThatRunOnOneInstanceIdAreTwoAndBothAreMarked() {
    subtree.record("a", word(FIRST, "edge", 1_999));
    subtree.record("b", word(SECOND, "edge", 2_000));
    subtree.record("a", word(FIRST, "edge", 2_001));
    assertThat(ids()).containsExactly(INSTANCE, SECOND.idBesideOthers());
    assertThat(problems()).containsExactly("CLONED", "CLONED");
    subtree.forget("a");
    assertThat(ids()).containsExactly(INSTANCE);
    assertThat(problems()).containsExactly("none");
  }

  @Test
  void twoThatRunOnOneInstanceIdAreTwoThoughTheirClocksDiffer() {
    long second = TimeUnit.SECONDS.toNanos(1);
    AtomicLong now = new AtomicLong(100 * second);
    Subtree here = new Subtree(now::get, RootHeads.SYSTEM_CLOCK, 100);
    NodeRun ahead = new NodeRun(INSTANCE, new UUID(9, 9), 3_600_000_000L);
    here.record("a", word(FIRST, "edge", 50_000_000));
    here.record("b", word(ahead, "edge", 3_600_000_000L));
    assertThat(here.nodes().get("dns")).hasSize(1);
    now.addAndGet(11 * second);
    here.record("b", word(ahead, "edge", 3_611_000_000L));
    assertThat(here.nodes().get("dns")).hasSize(1); // it has said nothing since
    here.record("a", word(FIRST, "edge", 61_000_000));
    assertThat(here.nodes().get("dns"))
        .extracting(NodeBelow::instance)
        .containsExactlyInAnyOrder(INSTANCE, ahead.idBesideOthers());
  }

  @Test
  void aNodeBelowMayNotHaveThisNodesNameOrInstanceId() {
    NodeIdentity self = NodeIdentity.create(INSTANCE, "relay", "test");
    subtree.belongsTo(self);
    subtree.record("a", word(new NodeRun(OTHER, new UUID(9, 9), 900), "relay", 1_000));
    subtree.record("b", word(self.run(), "relay", 1_000)); // it hears of itself
    assertThat(problems()).containsExactlyInAnyOrder("NAME_IN_USE", "NAME_IN_USE");
    long now = self.run().started();
    subtree.record("a", word(new NodeRun(INSTANCE, new UUID(9, 9), now - 1), "edge", now + 1));
    assertThat(problems()).contains("CLONED");
  }

  @Test
  void isSaidOnceInTheLogAndOnlyIfItLasts() {
    ProblemWatch watch = new ProblemWatch(subtree, NodeIdentity.create("edge", "test"));
    subtree.record("a", word(FIRST, "edge", 1_999));
    subtree.record("b", word(new NodeRun(OTHER, new UUID(9, 9), 900), "edge", 1_000));
    subtree.record("c", word(SECOND, "edge-2", 2_001));
    subtree.record("a", word(FIRST, "edge", 2_002));
    assertThat(watch.look()).isEmpty();
    assertThat(watch.look())
        .satisfiesExactly(
            line ->
                assertThat(line)
                    .contains("\"edge\"", OTHER.toString(), "this node", "node.name of its own"),
            line ->
                assertThat(line)
                    .contains(INSTANCE.toString(), "\"edge\"", "\"edge-2\"", "remove the file"));
    assertThat(watch.look()).isEmpty();
    subtree.forget("c");
    assertThat(watch.look()).isEmpty();
    subtree.record("c", word(SECOND, "edge-2", 2_003));
    watch.look();
    assertThat(watch.look()).singleElement().asString().contains(INSTANCE.toString());
  }

  @Test
  void whoIsNotNamedInItsRangeIsGoneAndTheOthersStay() {
    subtree.record(
        "relay",
        all(
            TestNode.ack("dns", "a", 1, 1),
            TestNode.ack("dns", "b", 1, 1),
            TestNode.ack("dns", "c", 1, 1)));
    subtree.record(
        "relay", new SubtreeAcks(AckKey.FIRST, false, List.of(TestNode.ack("dns", "b", 2, 2))));
    assertThat(subtree.acks("dns")).extracting(NodeAck::node).containsExactly("b", "c");
    subtree.record("relay", new SubtreeAcks(AckKey.after("dns", "b"), true, List.of()));
    assertThat(subtree.acks("dns")).extracting(NodeAck::node).containsExactly("b");
  }

  @Test
  void moreNodesThanMayBeKeptAreLeftOutAndRoomIsFoundAgain() {
    Subtree small = new Subtree(Ticker.SYSTEM, RootHeads.SYSTEM_CLOCK, 2);
    small.record(
        "relay",
        all(
            TestNode.ack("dns", "a", 1, 1),
            TestNode.ack("dns", "b", 1, 1),
            TestNode.ack("dns", "c", 1, 1)));
    assertThat(small.acks("dns")).extracting(NodeAck::node).containsExactly("a", "b");
    assertThat(small.leftOut()).isEqualTo(1);
    small.record("relay", all(TestNode.ack("dns", "c", 1, 1)));
    assertThat(small.acks("dns")).extracting(NodeAck::node).containsExactly("c");
    small.forget("relay");
    small.record("other", all(TestNode.ack("dns", "d", 1, 1), TestNode.ack("dns", "e", 1, 1)));
    assertThat(small.acks("dns")).hasSize(2);
  }

  @Test
  void reportsWithTheLongestTextsFitAPayloadAndNameEveryNode() {
    String longest = "x".repeat(Protocol.MAX_TEXT - 4);
    List<ScrapeAddress> addresses =
        Collections.nCopies(
            Protocol.MAX_SCRAPE_ADDRESSES, new ScrapeAddress(longest, true, longest));
    for (int i = 1000; i < 2000; i++) {
      NodeAck ack =
          new NodeAck(
                  longest, longest + i, longest, longest, FollowerState.STREAMING, i, 1, 1, 1_000)
              .scrapedAt(addresses);
      subtree.record("branch", ack);
    }
    Reports reports =
        new Reports(
            NodeIdentity.create("relay", "test"),
            subtree,
            List::of,
            List::of,
            () -> 5,
            Protocol.MAX_REPORTED);
    Subtree above = new Subtree();
    int version = ProtocolVersions.SUPPORTED.highest();
    boolean isLast = false;
    for (int i = 0; !isLast; i++) {
      SubtreeAcks next = reports.next(version);
      byte[] payload = MessageCodec.encode(next, version);
      assertThat(payload.length).isBetween(1, Protocol.MAX_PAYLOAD);
      assertThat(i).isLessThan(5);
      above.record("relay", next);
      isLast = next.last();
    }
    assertThat(above.acks(longest)).hasSize(1000).allMatch(ack -> ack.scrape().equals(addresses));
  }

  @Test
  void reportsOfABoundedSizeNameEveryNodeOnceInARound() {
    NodeIdentity relay = NodeIdentity.create("node-3", "test");
    for (int i = 0; i < 10; i++) {
      subtree.record("branch-" + i, TestNode.ack("dns", "node-" + i, 1, 1));
    }
    NodeAck own = TestNode.ack("dns", "node-3", 7, 1);
    Reports reports = new Reports(relay, subtree, () -> List.of(own), List::of, () -> 5, 4);
    Subtree above = new Subtree();
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      SubtreeAcks report = reports.next(2);
      sizes.add(report.nodes().size());
      above.record("relay", report);
    }
    assertThat(sizes).containsExactly(4, 4, 2);
    assertThat(above.acks("dns"))
        .extracting(NodeAck::node)
        .containsExactlyElementsOf(IntStream.range(0, 10).mapToObj(i -> "node-" + i).toList());
    assertThat(above.acks("dns")).contains(own);
    assertThat(reports.next(2).after()).isEqualTo(AckKey.FIRST);
  }
}

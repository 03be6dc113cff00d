package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SubtreeTest {
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
    subtree.record("relay", new SubtreeAcks(new AckKey("dns", "b"), true, List.of()));
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
  void reportsOfABoundedSizeNameEveryNodeOnceInARound() {
    NodeIdentity relay = new NodeIdentity(UUID.randomUUID(), "node-3", "test");
    for (int i = 0; i < 10; i++) {
      subtree.record("branch-" + i, TestNode.ack("dns", "node-" + i, 1, 1));
    }
    NodeAck own = TestNode.ack("dns", "node-3", 7, 1);
    Reports reports = new Reports(relay, subtree, () -> List.of(own), () -> 5, 4);
    Subtree above = new Subtree();
    List<Integer> sizes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      SubtreeAcks report = reports.next();
      sizes.add(report.nodes().size());
      above.record("relay", report);
    }
    assertThat(sizes).containsExactly(4, 4, 2);
    assertThat(above.acks("dns"))
        .extracting(NodeAck::node)
        .containsExactlyElementsOf(IntStream.range(0, 10).mapToObj(i -> "node-" + i).toList());
    assertThat(above.acks("dns")).contains(own);
    assertThat(reports.next().after()).isEqualTo(AckKey.FIRST);
  }
}

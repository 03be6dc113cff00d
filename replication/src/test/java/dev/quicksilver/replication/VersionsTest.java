package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.replication.Message.SubtreeAcks;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes of two builds in one tree: the last and the next one beside today's. */
final class VersionsTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final ProtocolVersions LAST = new ProtocolVersions(1, 1);
  private static final ProtocolVersions TODAY = ProtocolVersions.SUPPORTED;
  private static final ProtocolVersions BEFORE = new ProtocolVersions(1, 2);
  private static final ProtocolVersions WITHOUT_ADDRESSES = new ProtocolVersions(1, 3);
  private static final ProtocolVersions NEXT = new ProtocolVersions(4, 5);
  private static final ProtocolVersions FAR = new ProtocolVersions(6, 7);
  private static final List<ScrapeAddress> SCRAPE =
      List.of(
          new ScrapeAddress("replica", true, "10.0.0.7:7490"),
          new ScrapeAddress("serve", false, "10.0.0.7:7491"));

  @TempDir private Path data;

  private static ReplicationServer serve(TestNode node, ProtocolVersions versions) {
    return ReplicationServer.start(
        "127.0.0.1", 0, node.databases, node.identity.speaking(versions));
  }

  private static Replica follow(TestNode node, ProtocolVersions versions, int port) {
    return Replica.start(
        ReplicationConfig.of(
                node.identity.speaking(versions), List.of(Upstream.primary("127.0.0.1", port)))
            .withScrape(() -> SCRAPE),
        node.databases);
  }

  private TestNode root() {
    TestNode root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    root.commit("dns", set("a", "1"));
    return root;
  }

  /** Follows from one build to the other, and returns the version that the server chose. */
  private int talk(ProtocolVersions upstream, ProtocolVersions follower) throws IOException {
    try (TestNode root = root();
        ReplicationServer server = serve(root, upstream);
        TestNode edge = TestNode.open("edge", data.resolve("edge"));
        Replica _ = follow(edge, follower, server.port())) {
      edge.awaitSequence("dns", 1);
      root.commit("dns", set("b", "2"));
      edge.awaitSequence("dns", 2);
      assertThat(edge.database("dns").head().chainHash())
          .isEqualTo(root.database("dns").head().chainHash());
      Await.until(
          () -> server.subtree().acks("dns").stream().anyMatch(ack -> ack.sequence() == 2),
          () -> server.subtree().acks());
      Await.until(
          () -> server.subtree().nodes().keySet().equals(Set.of(CatalogPair.CATALOG, "dns")),
          () -> server.subtree().nodes());
      boolean namesOnly = upstream.highest() == 1 || follower.highest() == 1;
      NodeRun known = namesOnly ? NodeRun.named("edge") : edge.identity.run();
      assertThat(server.subtree().acks("dns")).extracting(NodeAck::run).containsExactly(known);
      assertThat(server.subtree().acks("dns"))
          .extracting(NodeAck::databaseId)
          .containsExactly(namesOnly ? Protocol.ANY_DATABASE : DNS);
      assertThat(server.subtree().acks("dns")).allMatch(ack -> ack.scrape().isEmpty());
      boolean saysWhere = upstream.highest() >= 4 && follower.highest() >= 4;
      assertThat(server.subtree().acks(CatalogPair.CATALOG))
          .extracting(NodeAck::scrape)
          .containsExactly(saysWhere ? SCRAPE : List.of());
      try (RawClient client = new RawClient(server.port())) {
        return ((ServerHello) client.ask(hello(follower))).version();
      }
    }
  }

  private static ClientHello hello(ProtocolVersions versions) {
    ClientHello now = RawClient.follow("dns", DNS, 0, Protocol.NO_HASH);
    return new ClientHello(
        versions.lowest(),
        versions.highest(),
        now.processId(),
        now.purpose(),
        now.newestOnly(),
        now.codecs(),
        now.databaseId(),
        now.lastSequence(),
        now.chainHash(),
        now.stopSequence(),
        now.database(),
        now.node(),
        now.location());
  }

  @Test
  void theLastBuildFollowsTodays() throws IOException {
    assertThat(talk(TODAY, LAST)).isEqualTo(1);
  }

  @Test
  void todaysBuildFollowsTheLast() throws IOException {
    assertThat(talk(LAST, TODAY)).isEqualTo(1);
  }

  @Test
  void theBuildBeforeFollowsTodays() throws IOException {
    assertThat(talk(TODAY, BEFORE)).isEqualTo(2);
  }

  @Test
  void todaysBuildFollowsTheOneBefore() throws IOException {
    assertThat(talk(BEFORE, TODAY)).isEqualTo(2);
  }

  @Test
  void aBuildThatDoesNotSayWhereItsMetricsAreFollowsTodays() throws IOException {
    assertThat(talk(TODAY, WITHOUT_ADDRESSES)).isEqualTo(3);
  }

  @Test
  void todaysBuildFollowsOneThatDoesNotListenForAddresses() throws IOException {
    assertThat(talk(WITHOUT_ADDRESSES, TODAY)).isEqualTo(3);
  }

  @Test
  void theNextBuildFollowsTodays() throws IOException {
    assertThat(talk(TODAY, NEXT)).isEqualTo(4);
  }

  @Test
  void todaysBuildFollowsTheNext() throws IOException {
    assertThat(talk(NEXT, TODAY)).isEqualTo(4);
  }

  @Test
  void twoOfTheNextBuildSpeakTheHigherVersion() throws IOException {
    assertThat(talk(NEXT, NEXT)).isEqualTo(5);
  }

  @Test
  void ofNodesWithOneNameAnUpstreamOfTheLastVersionIsToldTheLatest() {
    Subtree subtree = new Subtree();
    for (int i = 0; i < 10; i++) {
      NodeAck ack = TestNode.ack("dns", "node-" + i / 2, i, 100 + i);
      subtree.record("branch", ack.by(NodeRun.begin(new UUID(3, i)), DNS));
    }
    Reports reports =
        new Reports(NodeIdentity.create("x", "test"), subtree, List::of, List::of, () -> 5, 4);
    Subtree above = new Subtree();
    for (int i = 0; i < 3; i++) {
      byte[] payload = MessageCodec.encode(reports.next(1), 1);
      above.record("relay", (SubtreeAcks) decode(payload));
    }
    assertThat(above.acks("dns")).extracting(NodeAck::sequence).containsExactly(1L, 3L, 5L, 7L, 9L);
    assertThat(subtree.acks("dns")).hasSize(10);
  }

  private static Message decode(byte[] payload) {
    try {
      return MessageCodec.decode(MessageCodec.SUBTREE_ACKS, payload, LAST, 1);
    } catch (ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  private void refuses(ProtocolVersions upstream, ProtocolVersions follower) throws Exception {
    try (TestNode root = root();
        ReplicationServer server = serve(root, upstream);
        TestNode edge = TestNode.open("edge", data.resolve("edge"));
        Replica replica = follow(edge, follower, server.port())) {
      Await.until(
          () -> replica.status().getFirst().state() == FollowerState.REFUSED, replica::status);
      assertThat(replica.status().getFirst().reason())
          .contains("VERSION", upstream.toString(), follower.toString(), "upgrade the older");
      assertThat(edge.databases.all()).isEmpty();
    }
  }

  @Test
  void aFollowerFromTheFutureIsRefusedWithBothRanges() throws Exception {
    refuses(TODAY, FAR);
  }

  @Test
  void anUpstreamFromTheFutureRefusesWithBothRanges() throws Exception {
    refuses(FAR, TODAY);
  }

  /** A frame of any type, as a later build may send it. */
  private static byte[] frame(int type, byte[] payload) {
    CRC32C crc = new CRC32C();
    crc.update(type);
    crc.update(payload);
    return ByteBuffer.allocate(9 + payload.length)
        .putInt(payload.length)
        .put((byte) type)
        .put(payload)
        .putInt((int) crc.getValue())
        .array();
  }

  @Test
  void aLaterHelloMayBeLongerAndALaterStreamMayHoldOptionalMessages() throws Exception {
    try (TestNode root = root();
        ReplicationServer server = serve(root, TODAY);
        RawClient client = new RawClient(server.port())) {
      byte[] hello = MessageCodec.encode(hello(NEXT));
      byte[] longer = Arrays.copyOf(hello, hello.length + 17);
      client.out.writeMagic();
      client.out.flush();
      client.socket.getOutputStream().write(frame(200, new byte[] {1, 2, 3}));
      client.socket.getOutputStream().write(frame(MessageCodec.CLIENT_HELLO, longer));
      client.in.readMagic();
      assertThat(client.in.read()).isInstanceOf(ServerHello.class);
      client.socket.getOutputStream().write(frame(255, new byte[1000]));
      client.out.speak(TODAY.highest());
      client.out.write(new Ack(TestNode.ack("dns", "raw", 1, 1)));
      client.out.flush();
      Await.until(
          () -> server.subtree().acks("dns").stream().anyMatch(ack -> ack.sequence() == 1),
          () -> server.subtree().acks());
    }
  }

  @Test
  void anUnknownTypeThatIsNotOptionalEndsTheConversation() {
    FrameInput in = new FrameInput(new ByteArrayInputStream(frame(127, new byte[3])));
    assertThatThrownBy(in::read)
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("unknown type 127");
  }

  @Test
  void aHelloOfAKnownVersionMayNotBeLonger() {
    byte[] hello = MessageCodec.encode(hello(TODAY));
    byte[] longer = Arrays.copyOf(hello, hello.length + 1);
    assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.CLIENT_HELLO, longer))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("too many");
  }
}

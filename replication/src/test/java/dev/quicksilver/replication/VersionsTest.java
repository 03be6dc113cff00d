package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.ServerHello;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes of two builds in one tree: one that speaks versions 1 and 2 beside today's. */
final class VersionsTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final ProtocolVersions TODAY = new ProtocolVersions(1, 1);
  private static final ProtocolVersions NEXT = new ProtocolVersions(1, 2);
  private static final ProtocolVersions FAR = new ProtocolVersions(3, 4);

  @TempDir private Path data;

  private static NodeIdentity identity(String name, ProtocolVersions versions) {
    return NodeIdentity.create(name, "test").speaking(versions);
  }

  private static ReplicationServer serve(TestNode node, ProtocolVersions versions) {
    return ReplicationServer.start("127.0.0.1", 0, node.databases, identity("root", versions));
  }

  private static Replica follow(TestNode node, ProtocolVersions versions, int port) {
    return Replica.start(
        ReplicationConfig.of(
            identity("edge", versions), List.of(Upstream.primary("127.0.0.1", port))),
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
  void theNextBuildFollowsTodays() throws IOException {
    assertThat(talk(TODAY, NEXT)).isEqualTo(1);
  }

  @Test
  void todaysBuildFollowsTheNext() throws IOException {
    assertThat(talk(NEXT, TODAY)).isEqualTo(1);
  }

  @Test
  void twoOfTheNextBuildSpeakTheHigherVersion() throws IOException {
    assertThat(talk(NEXT, NEXT)).isEqualTo(2);
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

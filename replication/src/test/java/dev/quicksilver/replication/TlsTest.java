package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.temporal.ChronoUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.RemoteLog.Range;
import dev.quicksilver.tls.TlsFiles;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes know each other by their certificates, and say so when they do not. */
final class TlsTest {
  private static final UUID DNS = new UUID(1, 1);

  @TempDir private Path data;
  private final List<AutoCloseable> open = new ArrayList<>();
  private TestCertificates ours;
  private TestCertificates theirs;

  @BeforeEach
  void makeAuthorities() {
    ours = own(new TestCertificates(data.resolve("ours")));
    theirs = own(new TestCertificates(data.resolve("theirs")));
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private <T extends AutoCloseable> T own(T one) {
    open.add(one);
    return one;
  }

  private TestNode root(Transport transport) {
    TestNode root = own(TestNode.root("root", data.resolve("root")));
    root.create("dns", DNS);
    root.commit("dns", set("a", "1").andThen(set("b", "2")));
    root.stopServing();
    return root.over(transport).serve();
  }

  private TestNode edge(String name, Transport transport) {
    return own(TestNode.open(name, data.resolve(name))).over(transport);
  }

  private static ReplicationConfig named(TestNode follower, TestNode upstream, String name) {
    return ReplicationConfig.of(
            follower.identity, List.of(Upstream.primary("127.0.0.1", upstream.port()).named(name)))
        .withTransport(follower.transport());
  }

  /** The files of one authority's certificate, trusting the nodes of another. */
  private static TlsFiles trusting(TlsFiles own, TlsFiles other) {
    return new TlsFiles(own.certificate(), own.key(), other.authorities());
  }

  private static void awaitReason(TestNode node, String... words) {
    Await.until(
        () -> List.of(words).stream().allMatch(node.status("quicksilver").reason()::contains),
        () -> node.replica().status());
  }

  private static String finalRefusal(TestNode node) {
    String why = node.awaitRefused("quicksilver");
    assertThat(why).contains("NOT_AUTHORIZED").doesNotContain("\n");
    return why;
  }

  @Test
  void followsAndServesOverTls() {
    TestNode root = root(ours.transport("root"));
    TestNode relay = edge("relay", ours.transport("relay"));
    relay.follow(named(relay, root, "root"));
    relay.serve();
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(relay.port());
    edge.awaitEqual("dns", root);
    byte[] large = new byte[3 << 20];
    new Random(1).nextBytes(large);
    root.commit("dns", a -> a.set("large".getBytes(UTF_8), large));
    edge.awaitEqual("dns", root);
    Await.until(() -> root.subtree.acks("dns").size() == 2, () -> root.subtree.acks("dns"));
  }

  @Test
  void listensBeyondLoopbackWithTlsOnly() {
    TestNode root = root(ours.transport("root"));
    try (ReplicationServer everywhere =
            ReplicationServer.start(
                "0.0.0.0",
                0,
                root.databases,
                root.identity,
                root.subtree,
                ServerOptions.DEFAULT,
                ours.transport("root"));
        TestNode edge = edge("edge", ours.transport("edge"))) {
      edge.follow(everywhere.port());
      edge.awaitEqual("dns", root);
    }
    assertThatThrownBy(
            () -> ReplicationServer.start("0.0.0.0", 0, root.databases, root.identity).close())
        .hasMessageContaining("replication.tls-certificate");
  }

  /** Channels have sockets of another kind than those that a server opens itself. */
  @Test
  void servesOnASocketThatListensAlready() throws Exception {
    TestNode root = root(ours.transport("root"));
    RootRole active = RootRole.of(RootRole.Standing.ACTIVE);
    var anyPort = new InetSocketAddress(0);
    try (ServerSocketChannel open = ServerSocketChannel.open().bind(anyPort);
        ReplicationServer server =
            ReplicationServer.start(
                open.socket(),
                root.databases,
                root.identity,
                root.subtree,
                ServerOptions.DEFAULT,
                ours.transport("root"),
                active);
        TestNode edge = edge("edge", ours.transport("edge"))) {
      edge.follow(server.port());
      edge.awaitEqual("dns", root);
    }
    try (ServerSocketChannel open = ServerSocketChannel.open().bind(anyPort)) {
      assertThatThrownBy(
              () ->
                  ReplicationServer.start(
                          open.socket(),
                          root.databases,
                          root.identity,
                          root.subtree,
                          ServerOptions.DEFAULT,
                          Transport.PLAIN,
                          active)
                      .close())
          .hasMessageContaining("replication.tls-certificate");
    }
  }

  @Test
  void aFollowerOfAnotherAuthorityIsToldThatItsCertificateIsNotAccepted() {
    TestNode root = root(ours.transport("root"));
    TlsFiles files = trusting(theirs.issue("edge"), ours.issue("unused"));
    TestNode edge = edge("edge", theirs.transport(files, "edge"));
    edge.follow(root.port());
    awaitReason(edge, "does not accept the certificate in", files.certificate().toString());
  }

  @Test
  void anUpstreamOfAnotherAuthorityIsNotFollowed() {
    TlsFiles files = trusting(theirs.issue("root"), ours.issue("unused"));
    TestNode root = root(theirs.transport(files, "root"));
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(root.port());
    awaitReason(edge, "is not signed by an authority in", "ca.pem");
    assertThat(edge.databases.all()).isEmpty();
  }

  @Test
  void anExpiredCertificateIsRefusedOnBothSides() {
    Instant expired = Instant.now().minusSeconds(60);
    InstantSource then = InstantSource.fixed(expired.minusSeconds(60));
    TestNode root = root(ours.transport("root"));
    TlsFiles old = ours.issue("edge", expired);
    TestNode edge = edge("edge", ours.transport(old, "edge", then));
    edge.follow(root.port());
    awaitReason(edge, old.certificate().toString(), "valid until " + expired.truncatedTo(SECONDS));
    edge.stopFollowing();

    root.stopServing();
    root.over(ours.transport(ours.issue("root", expired), "root", then)).serve();
    edge.over(ours.transport("edge")).follow(root.port());
    awaitReason(edge, "its certificate has expired");
  }

  @Test
  void aFollowerWithTheCertificateOfAnotherNodeIsRefusedWithBothNames() throws Exception {
    TestNode root = root(ours.transport("root"));
    TestNode edge = edge("edge", ours.transport("other"));
    edge.follow(root.port());
    assertThat(finalRefusal(edge)).contains("\"edge\"", "\"other\"", "node.name");
  }

  @Test
  void anUpstreamWithTheCertificateOfAnotherNodeIsRefusedWithBothNames() throws Exception {
    TestNode root = root(ours.transport("other"));
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(root.port());
    assertThat(finalRefusal(edge)).contains("\"root\"", "\"other\"", "node.name");
  }

  @Test
  void anUpstreamThatIsNotTheConfiguredNodeIsRefusedWithBothNames() throws Exception {
    TestNode root = root(ours.transport("root"));
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(named(edge, root, "relay"));
    assertThat(finalRefusal(edge)).contains("\"relay\"", "\"root\"", "@127.0.0.1");
  }

  @Test
  void theConfiguredNameOfAnUpstreamCountsInPlainTextToo() throws Exception {
    TestNode root = root(Transport.PLAIN);
    TestNode edge = edge("edge", Transport.PLAIN);
    edge.follow(named(edge, root, "relay"));
    assertThat(finalRefusal(edge)).contains("\"relay\"", "\"root\"");
  }

  @Test
  void onlyTheConfiguredNodesMayFollow() throws Exception {
    TestNode root = root(ours.transport("root", "relay-*", "standby"));
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(root.port());
    assertThat(finalRefusal(edge)).contains("\"edge\" may not follow node \"root\"", "relay-*");
    TestNode relay = edge("relay-7", ours.transport("relay-7"));
    relay.follow(root.port());
    relay.awaitEqual("dns", root);
  }

  @Test
  void anUpstreamWhoseNameCannotBeResolvedIsTriedAgain() {
    TestNode root = root(ours.transport("root"));
    TestNode edge = edge("edge", ours.transport("edge"));
    Upstream lost = Upstream.primary("upstream.invalid", root.port());
    edge.follow(ReplicationConfig.of(edge.identity, List.of(lost)).withTransport(edge.transport()));
    awaitReason(edge, "upstream.invalid");
  }

  @Test
  void aCertificateOfSeveralNamesIsGoodForEach() {
    TestNode root = root(ours.transport(ours.issue("db-1", "root"), "root"));
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(named(edge, root, "root"));
    edge.awaitEqual("dns", root);
  }

  @Test
  void aPlainFollowerOfATlsPortIsRefusedInWordsThatItUnderstands() throws Exception {
    TestNode root = root(ours.transport("root"));
    TestNode edge = edge("edge", Transport.PLAIN);
    edge.follow(root.port());
    assertThat(finalRefusal(edge)).contains("\"root\" speaks TLS only", "tls-certificate");
  }

  @Test
  void aTlsFollowerOfAPlainPortSaysSoAtOnce() {
    TestNode root = root(Transport.PLAIN);
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(root.port());
    awaitReason(edge, "does not speak TLS");
  }

  @Test
  void refusalsAndTheEndOfAStreamArriveOverTls() throws Exception {
    TestNode root = root(ours.transport("root"));
    Transport reader = ours.transport("reader");
    Upstream node = Upstream.primary("127.0.0.1", root.port()).named("root");
    try (RemoteLog log = RemoteLog.open(node, "dns", Range.between(1, 2), "reader", reader)) {
      assertThat(log.next()).isNotNull();
      assertThat(log.next()).isNotNull();
      assertThat(log.next()).isNull();
    }
    assertThatThrownBy(() -> RemoteLog.open(node, "pages", Range.from(1), "reader", reader))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.refusal().code()).isEqualTo(RefusalCode.UNKNOWN_DATABASE));
    assertThatThrownBy(() -> RemoteLog.open(node, "dns", Range.from(1), "somebody", reader))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.refusal().code()).isEqualTo(RefusalCode.NOT_AUTHORIZED));
  }

  @Test
  void aNewCertificateIsShownToNewConnectionsAndDisturbsNoOldOne() throws Exception {
    TestNode root = root(ours.transport("root"));
    TestNode edge = edge("edge", ours.transport("edge"));
    edge.follow(root.port());
    edge.awaitEqual("dns", root);
    long connections = edge.status("dns").connections();

    // From now on the root is known by another name, too.
    ours.issue("root", "root-of-tomorrow");
    Transport reader = ours.transport("reader");
    Upstream tomorrow = Upstream.primary("127.0.0.1", root.port()).named("root-of-tomorrow");
    Await.until(
        () -> {
          try (RemoteLog log = RemoteLog.open(tomorrow, "dns", Range.from(1), "reader", reader)) {
            throw new AssertionError("its hello still says root: " + log.identity());
          } catch (java.io.IOException e) {
            return String.valueOf(e.getMessage()).contains("says that it is \"root\"");
          }
        },
        () -> "only the old certificate");
    root.commit("dns", set("c", "3"));
    edge.awaitEqual("dns", root);
    assertThat(edge.status("dns").connections()).isEqualTo(connections);
  }

  @Test
  void aFollowerGoesOnAfterItsExpiredCertificateWasRenewed() {
    Instant expired = Instant.now().minusSeconds(60);
    TestNode root = root(ours.transport("root"));
    TestNode edge =
        edge(
            "edge",
            ours.transport(
                ours.issue("edge", expired),
                "edge",
                InstantSource.fixed(expired.minusSeconds(60))));
    edge.follow(root.port());
    awaitReason(edge, "does not accept the certificate in");
    ours.issue("edge");
    edge.awaitEqual("dns", root);
  }
}

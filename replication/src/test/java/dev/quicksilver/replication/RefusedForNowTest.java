package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Snapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever an upstream says, a node goes on serving its copy, says why it does not follow, asks
 * again, and follows again by itself once the upstream was corrected.
 */
final class RefusedForNowTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final Duration SOON = Duration.ofMillis(50);

  @TempDir private Path data;
  private TestNode root;
  private TestNode edge;
  private int port;

  @BeforeEach
  void startAnEdgeThatHasACopy() {
    root = TestNode.root("root", data.resolve("root"));
    port = root.port();
    root.create("dns", DNS);
    root.commit("dns", set("a", "1"));
    edge = TestNode.open("edge", data.resolve("edge"));
    edge.follow(soon(edge)).awaitEqual("dns", root);
  }

  @AfterEach
  void stop() {
    edge.close();
    root.close();
  }

  private ReplicationConfig soon(TestNode node) {
    return node.config(port).withAskAgain(SOON);
  }

  private static long refusals(TestNode node, RefusalCode code) {
    return node.replica().refusals().stream()
        .filter(refusal -> refusal.code() == code)
        .mapToLong(RefusalCount::count)
        .sum();
  }

  /** Waits until it was refused, and asked again, and was refused again; it serves meanwhile. */
  private void awaitRefused(String database, RefusalCode code) {
    DatabaseStatus refused =
        edge.awaitStatus(database, status -> status.state() == FollowerState.REFUSED);
    assertThat(refused.reason()).contains(code.toString()).doesNotContain("\n");
    long first = refusals(edge, code);
    assertThat(first).isPositive();
    Await.until(() -> refusals(edge, code) > first, () -> edge.replica().status());
    try (Snapshot snapshot = edge.database("dns").snapshot()) {
      assertThat(snapshot.get("a".getBytes(UTF_8))).isNotNull();
    }
  }

  private void awaitFollowing() {
    root.commit("dns", set("b", "2"));
    edge.awaitEqual("dns", root);
    DatabaseStatus status =
        edge.awaitStatus("dns", each -> each.state() == FollowerState.STREAMING);
    assertThat(status.refusal()).isEmpty();
  }

  @Test
  void aWrongLineInFollowersIsOverWhenItIsCorrected() {
    try (TestCertificates authority = new TestCertificates(data.resolve("ca"))) {
      edge.stopFollowing();
      edge.over(authority.transport("edge"));
      root.stopServing();
      root.over(authority.transport("root", "other-*")).serve(port);
      edge.follow(soon(edge));
      awaitRefused("dns", RefusalCode.NOT_AUTHORIZED);
      root.stopServing();
      root.over(authority.transport("root", "edge*")).serve(port);
      awaitFollowing();
    }
  }

  @Test
  void aNodeWithoutACopyKeepsAskingToo() {
    try (TestCertificates authority = new TestCertificates(data.resolve("ca"));
        TestNode fresh = TestNode.open("fresh", data.resolve("fresh"))) {
      root.stopServing();
      root.over(authority.transport("root", "edge")).serve(port);
      fresh.over(authority.transport("fresh"));
      fresh.follow(soon(fresh));
      assertThat(fresh.awaitRefused("quicksilver")).contains("\"fresh\" may not follow");
      root.stopServing();
      root.over(authority.transport("root")).serve(port);
      fresh.awaitEqual("dns", root);
    }
  }

  @Test
  void aNodeThatWasLedToItselfGoesOnWhenItIsLedToItsUpstream() {
    root.stopServing();
    edge.serve(port);
    awaitRefused("quicksilver", RefusalCode.SELF);
    edge.stopServing();
    root.serve(port);
    awaitFollowing();
  }

  @Test
  void anotherClusterAtTheUpstreamsAddressIsRefusedUntilItIsGone() {
    root.stopServing();
    try (TestNode stranger = TestNode.root("stranger", data.resolve("stranger"), new UUID(9, 9))) {
      stranger.stopServing();
      stranger.serve(port);
      awaitRefused("quicksilver", RefusalCode.WRONG_DATABASE);
    }
    root.serve(port);
    awaitFollowing();
  }

  @Test
  void anUpstreamOfAnotherVersionIsFollowedOnceItSpeaksThisOnes() {
    root.stopServing();
    int next = ProtocolVersions.SUPPORTED.highest() + 1;
    NodeIdentity later =
        NodeIdentity.create("root", "test").speaking(new ProtocolVersions(next, next + 1));
    try (ReplicationServer _ = ReplicationServer.start("127.0.0.1", port, root.databases, later)) {
      awaitRefused("dns", RefusalCode.VERSION);
    }
    root.serve(port);
    awaitFollowing();
  }

  @Test
  void anUpstreamOnAForkIsFollowedOnceItHasTheRightHistory() {
    root.stopServing();
    try (TestNode fork = TestNode.root("fork", data.resolve("fork"))) {
      fork.create("dns", DNS);
      fork.commit("dns", set("a", "another"));
      fork.stopServing();
      fork.serve(port);
      awaitRefused("dns", RefusalCode.FORK);
    }
    root.serve(port);
    awaitFollowing();
  }

  @Test
  void oneThatRefusesIsAskedAgainAlthoughTheOtherUpstreamIsOnlyDown() {
    try (TestNode stranger = TestNode.root("stranger", data.resolve("stranger"), new UUID(9, 9));
        TestNode down = TestNode.root("down", data.resolve("down"))) {
      int downPort = down.port();
      down.stopServing();
      root.stopServing();
      int strangers = stranger.port();
      edge.stopFollowing();
      edge.follow(edge.config(strangers, downPort).withAskAgain(SOON));
      edge.awaitStatus(
          "quicksilver",
          status ->
              status.upstreams().getFirst().result() == UpstreamStatus.Result.LEFT_OUT
                  && status.upstreams().getLast().result() == UpstreamStatus.Result.FAILED);
      stranger.stopServing();
      root.serve(strangers);
      awaitFollowing();
    }
  }

  /** What a bug in here, or too little memory, would do. */
  @Test
  void anErrorInHereIsNotTheEndOfFollowing() {
    edge.stopFollowing();
    ReplicationConfig config = soon(edge);
    RefusalCounts refusals = new RefusalCounts(config.upstreams());
    AtomicInteger calls = new AtomicInteger();
    try (UpstreamProber prober = UpstreamProber.start(config, refusals);
        DatabaseFollower follower =
            new DatabaseFollower(
                "dns",
                Optional.of(DNS),
                new FollowerParts(
                    config,
                    edge.databases,
                    new Reports(edge.identity, edge.subtree, List::of, List::of, () -> 1, 1),
                    refusals,
                    prober,
                    Ticker.SYSTEM),
                (_, _) -> {
                  switch (calls.incrementAndGet()) {
                    case 1 -> throw new IllegalStateException("a bug");
                    case 2 -> throw new OutOfMemoryError("a test");
                    default -> {}
                  }
                })) {
      follower.start();
      root.commit("dns", set("b", "2"));
      edge.awaitEqual("dns", root);
      Await.until(() -> follower.status().state() == FollowerState.STREAMING, follower::status);
      assertThat(calls.get()).isGreaterThan(2);
    }
  }
}

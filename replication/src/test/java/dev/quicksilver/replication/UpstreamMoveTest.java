package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.UpstreamStatus.Result;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node below two relays: which of them it follows, and that it misses and repeats nothing. */
final class UpstreamMoveTest {
  private static final UUID DNS = new UUID(1, 1);

  /** Returns quickly, and leaves none for being behind: that one was only starved. */
  private static final UpstreamChoice QUICK =
      new UpstreamChoice(Duration.ofMillis(20), Duration.ofMillis(100), Duration.ofHours(1));

  @TempDir private Path data;
  private TestNode root;
  private TestNode first;
  private TestNode second;
  private TestNode edge;
  private int written;

  @BeforeEach
  void startTree() {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    write(5);
    first = relay("first");
    second = relay("second");
    edge = TestNode.open("edge", data.resolve("edge"));
  }

  @AfterEach
  void stopTree() {
    edge.close();
    first.close();
    second.close();
    root.close();
  }

  private TestNode relay(String name) {
    TestNode relay = TestNode.open(name, data.resolve(name)).serve();
    relay.follow(root.port()).awaitEqual("dns", root);
    return relay;
  }

  private void write(int entries) {
    for (int i = 0; i < entries; i++) {
      written++;
      root.commit("dns", set("key" + written % 7, "value" + written));
    }
  }

  private void follow(int... ports) {
    follow(QUICK, ports);
  }

  private void follow(UpstreamChoice choice, int... ports) {
    edge.follow(edge.config(ports).withChoice(choice));
  }

  private void awaitUpstream(String node) {
    Await.until(
        () ->
            edge.replica().status().stream()
                .anyMatch(
                    status ->
                        status.database().equals("dns")
                            && status.state() == FollowerState.STREAMING
                            && status.upstream().equals(node)),
        () -> edge.replica().status());
  }

  private static List<Result> results(DatabaseStatus status) {
    return status.upstreams().stream().map(UpstreamStatus::result).toList();
  }

  private UpstreamStatus preferred() {
    return edge.status("dns").upstreams().getFirst();
  }

  @Test
  void returnsToThePreferredOneUnderLoadAndMissesAndRepeatsNothing() {
    int port = first.port();
    first.stopServing();
    follow(port, second.port());
    awaitUpstream("second");
    first.serve(port);
    Await.until(
        () -> {
          write(3);
          return edge.status("dns").upstream().equals("first");
        },
        () -> edge.replica().status());
    write(20);
    edge.awaitEqual("dns", root);
    DatabaseStatus status = edge.status("dns");
    assertThat(status.connections()).isEqualTo(2);
    assertThat(status.reason()).contains("preferred");
    // The other one may be behind at the moment of a probe.
    edge.awaitStatus("dns", each -> results(each).equals(List.of(Result.FOLLOWED, Result.WELL)));
  }

  @Test
  void goesToTheNextAndBackEachTimeThePreferredOneIsRestarted() {
    int port = first.port();
    follow(port, second.port());
    awaitUpstream("first");
    for (int i = 0; i < 2; i++) {
      first.stopServing();
      awaitUpstream("second");
      write(10);
      first.serve(port);
      awaitUpstream("first");
      write(10);
    }
    edge.awaitEqual("dns", root);
  }

  @Test
  void doesNotReturnToOneThatAnswersButIsBehind() {
    int port = first.port();
    first.stopServing();
    first.stopFollowing();
    write(10);
    follow(port, second.port());
    edge.awaitEqual("dns", root);
    first.serve(port);
    Await.until(
        () -> preferred().detail().contains("behind, at sequence 5"),
        () -> edge.replica().status());
    write(10);
    edge.awaitEqual("dns", root);
    assertThat(edge.status("dns").upstream()).isEqualTo("second");
    assertThat(edge.status("dns").connections()).isOne();
  }

  @Test
  void staysWithItsUpstreamWhenThePreferredOneHasAnotherHistory() {
    try (TestNode other = TestNode.root("other", data.resolve("other"))) {
      other.create("dns", DNS);
      for (int i = 0; i < 30; i++) {
        other.commit("dns", set("key" + i, "another value"));
      }
      int port = other.port();
      other.stopServing();
      follow(port, second.port());
      edge.awaitEqual("dns", root);
      other.serve(port);
      Await.until(() -> preferred().result() == Result.LEFT_OUT, () -> edge.replica().status());
      assertThat(preferred().detail()).contains("FORK");
      write(10);
      edge.awaitEqual("dns", root);
      DatabaseStatus status = edge.status("dns");
      assertThat(status.upstream()).isEqualTo("second");
      assertThat(status.connections()).isOne();
      assertThat(status.refusal()).isPresent();
    }
  }

  @Test
  void leavesAnUpstreamThatSendsHeartbeatsButWhoseOwnUpstreamIsGone() {
    follow(QUICK.withAheadFor(Duration.ofMillis(300)), first.port(), second.port());
    awaitUpstream("first");
    first.stopFollowing();
    root.commit("dns", Collections.nCopies(10, set("key", "value"))); // as a whole, or not at all
    edge.awaitEqual("dns", root);
    assertThat(edge.status("dns").upstream()).isEqualTo("second");
    assertThat(edge.status("dns").reason()).contains("it has sequence 15");
  }

  @Test
  void aNodeWithOneUpstreamIsNotDisturbedByProbes() {
    follow(root.port());
    edge.awaitEqual("dns", root);
    assertThat(edge.status("dns").upstreams())
        .singleElement()
        .satisfies(only -> assertThat(only.result()).isEqualTo(Result.FOLLOWED));
    assertThat(edge.status("dns").connections()).isOne();
  }
}

package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.record.ChainHash;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a copy that a block has contradicted. */
final class DivergenceTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final long WRONG_FROM = 8;

  @TempDir private Path data;
  private final AtomicBoolean lies = new AtomicBoolean(true);
  private TestNode root;
  private WireProxy proxy;
  private TestNode edge;

  @BeforeEach
  void startRootBehindALyingProxy() throws IOException {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    write(5);
    proxy = new WireProxy(root.port(), this::tamper);
    edge = TestNode.open("edge", data.resolve("edge"));
  }

  @AfterEach
  void stop() throws IOException {
    edge.close();
    proxy.close();
    root.close();
  }

  private void write(int entries) {
    for (int i = 0; i < entries; i++) {
      root.commit("dns", set("key" + i, "value"));
    }
  }

  /** Every checksum is right, the chain is not: what an upstream with another history sends. */
  private List<byte[]> tamper(List<byte[]> frames) {
    BlockHeader header = BlockHeader.decode(Arrays.copyOfRange(frames.getFirst(), 5, 5 + 160));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (lies.get() && header.firstSequence() >= WRONG_FROM) {
      try {
        FrameOutput out = new FrameOutput(bytes);
        out.write(new Message.BlockStart(wrong(header)));
        out.flush();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    } else {
      bytes.writeBytes(frames.getFirst());
    }
    frames.stream().skip(1).forEach(bytes::writeBytes);
    return List.of(bytes.toByteArray());
  }

  private static BlockHeader wrong(BlockHeader right) {
    return new BlockHeader(
        right.firstSequence(),
        right.lastSequence(),
        right.before(),
        ChainHash.of(new byte[32], 0),
        right.digestAfter(),
        right.positionAfter(),
        right.commitTime(),
        right.bodyLength(),
        right.uncompressedLength(),
        right.transactions());
  }

  private void follow(DivergencePolicy policy) {
    edge.follow(edge.config(proxy.port()).withOnDivergence(policy));
  }

  private void diverge(DivergencePolicy policy) {
    follow(policy);
    edge.awaitEqual("dns", root);
    write(5);
    awaitState(FollowerState.DIVERGED);
  }

  private void awaitState(FollowerState state) {
    Await.until(
        () ->
            edge.replica().status().stream()
                .anyMatch(s -> s.database().equals("dns") && s.state() == state),
        () -> edge.replica().status());
  }

  @Test
  void usuallyServesWhatItHasUntilItIsToldToCopy() {
    diverge(DivergencePolicy.SERVE);
    assertThat(edge.databases.withheld("dns")).isEmpty();
    assertThat(edge.databases.diverged("dns"))
        .hasValueSatisfying(why -> assertThat(why).contains("diverged from upstream"));
    assertThat(edge.database("dns").head().lastSequence()).isBetween(5L, WRONG_FROM - 1);
    assertThat(edge.status("dns").reason())
        .contains("serves what it has", "quicksilver copy-anew dns");
    assertThat(edge.status("quicksilver").state()).isEqualTo(FollowerState.STREAMING);
    lies.set(false);
    assertThat(edge.replica().copyAnew("dns")).isTrue();
    edge.awaitEqual("dns", root);
    awaitState(FollowerState.STREAMING);
    assertThat(edge.databases.diverged("dns")).isEmpty();
  }

  @Test
  void followsAgainByItselfWhenTheUpstreamWasTheWrongOneAndIsCorrected() {
    edge.follow(edge.config(proxy.port()).withAskAgain(Duration.ofMillis(50)));
    edge.awaitEqual("dns", root);
    write(5);
    edge.awaitStatus("dns", status -> status.connections() > 2); // asked again, more than once
    assertThat(edge.database("dns").head().lastSequence()).isLessThan(WRONG_FROM);
    assertThat(edge.status("dns").contradiction()).contains("diverged from upstream");
    lies.set(false);
    edge.awaitEqual("dns", root);
    edge.awaitStatus("dns", status -> status.contradiction().isEmpty());
    assertThat(edge.database("dns").head().oldestSequence()).isEqualTo(1);
    assertThat(edge.databases.diverged("dns")).isEmpty();
  }

  @Test
  void anotherUpstreamThatAgreesIsFollowedAtOnce() {
    edge.follow(edge.config(proxy.port(), root.port()));
    edge.awaitEqual("dns", root);
    write(5);
    edge.awaitEqual("dns", root);
    edge.awaitStatus("dns", status -> status.contradiction().isEmpty());
    UpstreamStatus liar = edge.status("dns").upstreams().getFirst();
    assertThat(liar.result()).isEqualTo(UpstreamStatus.Result.LEFT_OUT);
    assertThat(liar.detail()).contains("DIVERGED");
  }

  /** Nobody has compared the two: without being told it must not take the upstream's content. */
  @Test
  void doesNotCopyUnaskedWhenTheUpstreamsLogIsGoneMeanwhile() {
    edge.follow(edge.config(proxy.port()).withAskAgain(Duration.ofMillis(50)));
    edge.awaitEqual("dns", root);
    write(5);
    awaitState(FollowerState.DIVERGED);
    int port = root.port();
    root.stopServing();
    try (TestNode forgetful =
        TestNode.root(
            "root",
            data.resolve("forgetful"),
            StorageOptions.DEFAULT.withLog(Duration.ofDays(365), 1))) {
      forgetful.stopServing();
      forgetful.create("dns", DNS);
      for (int i = 0; i < 40; i++) {
        forgetful.commit("dns", set("key" + i, "value"));
      }
      forgetful.serve(port);
      edge.awaitStatus("dns", status -> status.reason().contains("SNAPSHOT_NEEDED"));
      DatabaseStatus waits =
          edge.awaitStatus("dns", status -> status.state() == FollowerState.DIVERGED);
      assertThat(waits.reason()).contains("diverged from upstream");
      assertThat(edge.databases.copyBegun("dns")).isFalse();
    }
  }

  @Test
  void copiesByItselfIfSoConfigured() {
    follow(DivergencePolicy.COPY);
    edge.awaitEqual("dns", root);
    write(2);
    edge.awaitEqual("dns", root);
    // In one block, or what comes after the copy is the second wrong one.
    root.commit("dns", Collections.nCopies(3, set("key", "value")));
    // A copy takes the pairs as they are, and the log only from then on.
    edge.awaitEqual("dns", root);
    awaitState(FollowerState.STREAMING);
    assertThat(edge.database("dns").head().oldestSequence()).isGreaterThan(1);
  }

  @Test
  void doesNotCopyByItselfAgainAndAgain() {
    follow(DivergencePolicy.COPY);
    edge.awaitEqual("dns", root);
    write(2);
    edge.awaitEqual("dns", root);
    write(1); // the first wrong one: copies, once
    edge.awaitEqual("dns", root);
    write(1);
    awaitState(FollowerState.DIVERGED);
    lies.set(false);
    edge.replica().copyAnew("dns");
    edge.awaitEqual("dns", root);
  }

  @Test
  void refusesReadsIfSoConfiguredUntilItFollowsAgain() {
    diverge(DivergencePolicy.STOP_SERVING);
    assertThat(edge.databases.withheld("dns"))
        .hasValueSatisfying(why -> assertThat(why).contains("diverged", "copy-anew dns"));
    assertThat(edge.status("dns").reason()).contains("refuses reads");
    edge.stopFollowing();
    lies.set(false);
    follow(DivergencePolicy.STOP_SERVING);
    edge.awaitEqual("dns", root);
    Await.until(() -> edge.databases.withheld("dns").isEmpty(), () -> "still withheld");
    assertThat(edge.databases.diverged("dns")).isEmpty();
  }

  @Test
  void aCopyThatIsWithheldIsNotServedToFollowersEither() {
    edge.serve();
    try (TestNode below = TestNode.open("below", data.resolve("below"))) {
      below.follow(edge.port());
      diverge(DivergencePolicy.STOP_SERVING);
      Await.until(
          () -> below.status("dns").reason().contains("does not serve database \"dns\""),
          () -> below.replica().status());
      assertThat(below.status("quicksilver").state()).isEqualTo(FollowerState.STREAMING);
      lies.set(false);
      edge.replica().copyAnew("dns");
      below.awaitEqual("dns", root);
    }
  }

  @Test
  void anotherCopyIsServed() {
    diverge(DivergencePolicy.STOP_SERVING);
    lies.set(false);
    edge.replica().copyAnew("dns");
    edge.awaitEqual("dns", root);
    Await.until(() -> edge.databases.withheld("dns").isEmpty(), () -> edge.replica().status());
  }

  @Test
  void servesAgainWhenItIsConfiguredToServe() {
    diverge(DivergencePolicy.STOP_SERVING);
    edge.stopFollowing();
    edge.follow(edge.config(proxy.port()).withOnDivergence(DivergencePolicy.SERVE));
    awaitState(FollowerState.DIVERGED);
    assertThat(edge.databases.withheld("dns")).isEmpty();
  }

  @Test
  void aCopyByItselfIsDueAtOnceAndThenAnHourLater() {
    long[] now = {7};
    Divergence divergence =
        new Divergence("dns", DivergencePolicy.COPY, edge.databases, () -> now[0]);
    assertThat(divergence.untilCopy()).isZero();
    divergence.copying();
    now[0] += TimeUnit.MINUTES.toNanos(59);
    assertThat(divergence.untilCopy()).isEqualTo(TimeUnit.MINUTES.toNanos(1));
    now[0] += TimeUnit.MINUTES.toNanos(1);
    assertThat(divergence.untilCopy()).isZero();
  }
}

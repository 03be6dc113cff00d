package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.FollowerPhase.BackingOff;
import dev.quicksilver.replication.FollowerPhase.Connecting;
import dev.quicksilver.replication.FollowerPhase.Copying;
import dev.quicksilver.replication.FollowerPhase.Moving;
import dev.quicksilver.replication.FollowerPhase.Refused;
import dev.quicksilver.replication.FollowerPhase.Stopped;
import dev.quicksilver.replication.FollowerPhase.Streaming;
import dev.quicksilver.storage.Database;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Phases one after the other: what is open in them, what they are told, and what is news. */
final class FollowerLifeTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final long AGES = TimeUnit.DAYS.toNanos(1);

  @TempDir private Path data;
  private TestNode root;
  private TestNode edge;
  private Database copy;
  private StreamOpener opener;
  private final FollowerCounters counters = new FollowerCounters();
  private long now = Long.MAX_VALUE - 5; // a clock may overflow
  private UpstreamLink first;
  private FollowerLife life;

  @BeforeEach
  void start() {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    root.commit("dns", set("key", "value"));
    edge = TestNode.open("edge", data.resolve("edge"));
    copy = edge.databases.create(root.database("dns").identity());
    ReplicationConfig config = edge.config(root.port()).withWindow(Duration.ofHours(1));
    RefusalCounts refusals = new RefusalCounts(config.upstreams());
    FollowerParts parts =
        new FollowerParts(
            config,
            edge.databases,
            new Reports(edge.identity, edge.subtree, List::of, List::of, () -> 1, 1),
            refusals,
            UpstreamProber.start(config, refusals), // a single upstream is not probed
            Ticker.SYSTEM);
    OwnHistory history = new OwnHistory("dns", Optional.of(DNS), config, edge.databases);
    opener = new StreamOpener(parts, history, counters, _ -> {});
    first = link();
    life = new FollowerLife("dns", () -> now, new Connecting(first));
  }

  @AfterEach
  void stop() {
    life.now().phase().streams().forEach(UpstreamStream::close);
    edge.close();
    root.close();
  }

  private UpstreamLink link() {
    return new UpstreamLink(Upstream.primary("127.0.0.1", root.port()), Transport.PLAIN);
  }

  private Streaming streamingOn(UpstreamLink link) throws IOException {
    return new Streaming(opener.open(link, Optional.of(copy)), now);
  }

  private static UpstreamHealth.Move because(UpstreamLink to) {
    return new UpstreamHealth.Move(to.upstream(), false, "it is preferred");
  }

  /** A link that was closed before it was opened cannot be opened. */
  private void isClosed(UpstreamLink unopened) {
    assertThatThrownBy(() -> opener.open(unopened, Optional.of(copy)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("losed");
  }

  private static void isClosed(Streaming streaming) {
    assertThatThrownBy(
            () -> {
              while (true) {
                streaming.stream().step();
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void whatTheNextPhaseHoldsStaysOpenAndTheRestIsClosed() throws Exception {
    Streaming old = streamingOn(first);
    life.move(old, "accepted");
    UpstreamLink refuses = link();
    life.goOn(new Moving(old, because(refuses), refuses));
    life.goOn(old);
    isClosed(refuses);
    root.commit("dns", set("key", "another"));
    Await.until(() -> received(old) == 2, () -> copy.head());

    UpstreamLink accepts = link();
    life.goOn(new Moving(old, because(accepts), accepts));
    Streaming fresh = streamingOn(accepts);
    life.move(fresh, "moved");
    isClosed(old);
    life.move(new BackingOff(now), "lost");
    isClosed(fresh);
  }

  /** Takes what there is; returns the last sequence that is durable. */
  private long received(Streaming streaming) {
    try {
      streaming.stream().step();
      streaming.stream().commit();
    } catch (IOException e) {
      throw new AssertionError("the connection that serves was closed", e);
    }
    return copy.head().lastSequence();
  }

  @Test
  void whatIsAppliedAndNotDurableIsThrownAwayWithItsStream() throws Exception {
    Streaming streaming = streamingOn(first);
    life.move(streaming, "accepted");
    Await.until(() -> received(streaming) == 1, () -> copy.head());
    root.commit("dns", set("key", "another"));
    while (counters.upstreamSequence() < 2) {
      streaming.stream().step(); // applies the second block, which waits for the window
    }
    try {
      life.move(new BackingOff(now), "a bug");
      assertThat(copy.head().lastSequence()).isOne();
      AtomicBoolean written = new AtomicBoolean(); // LMDB has one writer at a time
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                copy.apply().close();
                written.set(true);
              });
      Await.until(written::get, () -> "a transaction that was not ended");
    } finally {
      streaming.stream().close();
    }
  }

  @Test
  void receivedBytesNeverGoBack() throws Exception {
    Streaming streaming = streamingOn(first);
    life.move(streaming, "accepted");
    Await.until(() -> received(streaming) == 1, () -> copy.head());
    long bytes = life.receivedBytes();
    assertThat(bytes).isPositive();
    UpstreamLink fresh = link();
    life.goOn(new Moving(streaming, because(fresh), fresh));
    assertThat(life.receivedBytes()).isGreaterThanOrEqualTo(bytes);
    life.move(new BackingOff(now), "lost");
    assertThat(life.receivedBytes()).isGreaterThanOrEqualTo(bytes);
  }

  @Test
  void beingToldSomethingEndsWhatIsDoneAndWaitedFor() throws Exception {
    life.copyAnew();
    isClosed(first);
    assertThat(life.interrupted()).isTrue();
    life.move(new BackingOff(now + AGES), "closed");
    life.waitUntil(now + AGES);
    assertThat(life.takeCopyAnew()).isTrue();
    assertThat(life.takeCopyAnew()).isFalse();
    assertThat(life.interrupted()).isFalse();
    Streaming streaming = streamingOn(link());
    life.move(streaming, "accepted");

    life.stop();
    isClosed(streaming);
    assertThat(life.isStopping()).isTrue();
    life.waitUntil(now + AGES);
  }

  @Test
  void aConnectionThatIsMadeTooLateIsClosedAtOnce() {
    life.stop();
    UpstreamLink late = link();
    life.move(Copying.BEGUN.over(late), "goes on with the copy that was begun");
    isClosed(late);
  }

  @Test
  void aWaitIsOverWhenItsTimeHasCome() {
    life.waitUntil(now);
    life.waitUntil(now - AGES);
    assertThat(life.interrupted()).isFalse();
  }

  @Test
  void thereIsNoWayOnFromTheEnd() throws Exception {
    Streaming streaming = streamingOn(first);
    life.move(streaming, "accepted");
    life.stop();
    assertThat(life.now().state()).as("not by itself").isEqualTo(FollowerState.STREAMING);
    life.end();
    isClosed(streaming);
    assertThat(life.now()).isEqualTo(new FollowerLife.Now(new Stopped(), "accepted"));
    assertThatThrownBy(() -> life.move(new BackingOff(now), "once more"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("once more");
  }

  @Test
  void progressIsSeenAndKeepsTheReason() {
    life.move(Copying.BEGUN, "gone");
    assertThat(life.now().phase().copy()).isEmpty();
    CopyStatus progress = new CopyStatus("root", false, 7, 9, 0);
    life.goOn(Copying.BEGUN.over(link()).at(progress).withoutLink());
    assertThat(life.now().phase().copy()).contains(progress);
    assertThat(life.now().reason()).isEqualTo("gone");
    life.move(new BackingOff(now), "nobody goes on");
    assertThat(life.now().phase().copy()).isEmpty();
  }

  @Test
  void whatGoesOnIsNewsOnceInAWhile() {
    assertThat(life.move(new Refused(now), "no")).isTrue();
    assertThat(life.move(new Refused(now + 1), "another no")).as("others see no change").isFalse();
    for (int i = 0; i < 100; i++) {
      life.goOn(new Connecting(link()));
      assertThat(life.move(new Refused(now), "no")).isFalse();
    }
    life.goOn(new Connecting(link()));
    assertThat(life.move(new Refused(now), "another no")).isTrue();
    now += Duration.ofMinutes(10).toNanos();
    life.goOn(new Connecting(link()));
    assertThat(life.move(new Refused(now), "another no")).isTrue();
  }

  @Test
  void aFailureIsNewsAgainAfterAnUpstreamHasServed() throws Exception {
    assertThat(life.move(new BackingOff(now), "down")).isTrue();
    life.goOn(new Connecting(link()));
    assertThat(life.move(new BackingOff(now), "down")).isFalse();
    life.goOn(new Connecting(link()));
    assertThat(life.move(streamingOn(link()), "accepted")).isTrue();
    assertThat(life.move(new BackingOff(now), "down")).isTrue();
  }

  @Test
  void isSilentWhileItWorksAtOneThingAndNotWhileItWaits() {
    assertThat(life.silence()).isZero();
    life.beat();
    now += 100;
    assertThat(life.silence()).isEqualTo(Duration.ofNanos(100));
    life.goOn(life.now().phase()); // as with each piece of a copy
    assertThat(life.silence()).isZero();
    life.copyAnew();
    now += 100;
    life.waitUntil(now + AGES);
    assertThat(life.silence()).isZero();
    now += 100;
    life.end();
    assertThat(life.silence()).isZero();
  }
}

package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.FollowerPhase.BackingOff;
import dev.quicksilver.replication.FollowerPhase.Connecting;
import dev.quicksilver.replication.FollowerPhase.Copying;
import dev.quicksilver.replication.FollowerPhase.Diverged;
import dev.quicksilver.replication.FollowerPhase.Ended;
import dev.quicksilver.replication.FollowerPhase.Refused;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.NextPhase.Step;
import dev.quicksilver.replication.UpstreamStatus.Result;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What follows what, without a connection, and with a clock that is stepped by hand. */
final class NextPhaseTest {
  private static final Upstream A = Upstream.primary("127.0.0.1", 1);
  private static final Upstream B = Upstream.primary("127.0.0.1", 2);
  private static final Refusal BUSY = Refusal.of(RefusalCode.BUSY, "too many");
  private static final Refusal FORK = Refusal.of(RefusalCode.FORK, "another history");
  private static final Refusal GONE = Refusal.of(RefusalCode.SNAPSHOT_NEEDED, "gone");
  private static final StorageException CONTRADICTION =
      new StorageException(ErrorCode.DIVERGED, "at sequence 8");

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long SOON = SECOND / 10;
  private static final long ASK_AGAIN = 30 * SECOND;

  @TempDir private Path data;
  private DatabaseSet databases;
  private ReplicationConfig config;
  private UpstreamList upstreams;
  private Divergence divergence;
  private NextPhase next;
  private long now = Long.MAX_VALUE - 5; // a clock may overflow

  @BeforeEach
  void openNothing() {
    databases = DatabaseSet.open(data, StorageOptions.DEFAULT);
    config =
        ReplicationConfig.of(NodeIdentity.create("edge", "test"), List.of(A, B))
            .withAskAgain(Duration.ofNanos(ASK_AGAIN));
    follow("dns", config);
  }

  @AfterEach
  void close() {
    databases.close();
  }

  private void follow(String name, ReplicationConfig as) {
    Ticker ticker = () -> now;
    upstreams = new UpstreamList(as.upstreams(), new SlowPace(as.askAgain(), () -> 1), ticker);
    divergence = new Divergence(name, as.onDivergence(), databases, ticker);
    next = new NextPhase(name, as, upstreams, divergence, () -> 1, ticker);
  }

  private static void isAsked(Upstream upstream, FollowerPhase phase) {
    assertThat(phase)
        .isInstanceOfSatisfying(
            Connecting.class,
            connecting -> assertThat(connecting.link().upstream()).isEqualTo(upstream));
  }

  private BackingOff backsOff(long nanos) {
    return new BackingOff(now + nanos);
  }

  @Test
  void oneUpstreamIsAskedAfterTheOtherAndTheNextRoundComesAfterAPause() {
    isAsked(A, next.connecting());
    Step first = next.afterFailure("A is down");
    isAsked(B, first.to());
    assertThat(first.why()).isEqualTo("A is down");
    assertThat(next.afterFailure("B is down")).isEqualTo(new Step(backsOff(SOON), "B is down"));
    isAsked(A, next.afterWait());
  }

  @Test
  void pausesDoubleUntilAllIsWell() {
    for (long factor : new long[] {1, 2, 4}) {
      next.afterFailure("A is down");
      assertThat(next.afterFailure("B is down").to()).isEqualTo(backsOff(factor * SOON));
    }
    next.well(1);
    next.afterFailure("A is down");
    assertThat(next.afterFailure("B is down").to()).isEqualTo(backsOff(SOON));
  }

  @Test
  void anErrorInHereIsNotTriedAgainWithThatUpstreamSoon() {
    Step step = next.afterError(new IllegalStateException("a bug"));
    assertThat(step.to()).as("the other one may be asked").isEqualTo(backsOff(SOON));
    assertThat(step.why()).startsWith("internal error: ").contains("a bug", "the log says where");
    isAsked(B, next.afterWait());
    assertThat(next.afterError(new OutOfMemoryError()).to()).isEqualTo(backsOff(ASK_AGAIN));
  }

  @Test
  void aRefusalForNowLeadsToTheNextUpstream() {
    Step step = next.afterRefusal(BUSY);
    isAsked(B, step.to());
    assertThat(step.why()).isEqualTo("upstream 127.0.0.1:1 refused: BUSY: too many");
    assertThat(upstreams.refusal()).contains(BUSY);
    assertThat(next.afterRefusal(BUSY).to()).isEqualTo(backsOff(SOON));
  }

  @Test
  void whatAllRefuseFinallyIsAskedForAgainAtASlowPace() {
    isAsked(B, next.afterRefusal(FORK).to());
    now += SECOND;
    assertThat(next.afterRefusal(FORK))
        .isEqualTo(
            new Step(
                new Refused(now + ASK_AGAIN - SECOND),
                "upstream 127.0.0.1:2 refused: FORK: another history"));
    now += ASK_AGAIN - SECOND;
    isAsked(A, next.afterWait());
  }

  @Test
  void onlyAnotherCatalogIsRefusedFinally() {
    Refusal wrong = Refusal.of(RefusalCode.WRONG_DATABASE, "another id");
    next.afterRefusal(wrong);
    assertThat(next.afterRefusal(wrong).to()).isInstanceOf(BackingOff.class);
    follow(CatalogPair.CATALOG, config);
    next.afterRefusal(wrong);
    assertThat(next.afterRefusal(wrong).to()).isInstanceOf(Refused.class);
  }

  private Step nobodyHasTheLog() {
    isAsked(B, next.afterRefusal(GONE).to());
    return next.afterRefusal(GONE);
  }

  @Test
  void aCopyIsMadeIfNobodysLogReachesBack() {
    assertThat(nobodyHasTheLog())
        .isEqualTo(new Step(Copying.BEGUN, "upstream 127.0.0.1:2 refused: SNAPSHOT_NEEDED: gone"));
  }

  @Test
  void oneThatIsToStopSomewhereIsNotCopiedBeyondThat() {
    follow("dns", config.withStopSequences(Map.of("dns", 7L)));
    assertThat(nobodyHasTheLog().to()).as("A was not left out").isEqualTo(new Refused(now));
    assertThat(upstreams.status().getLast().result()).isEqualTo(Result.LEFT_OUT);
    isAsked(A, next.afterWait());
  }

  @Test
  void oneThatWasContradictedIsNotCopiedUnasked() {
    Step diverged = next.afterContradiction("root", CONTRADICTION, 3);
    assertThat(diverged.to()).as("B may know better").isEqualTo(new Diverged(now, false));
    assertThat(diverged.why())
        .startsWith("database \"dns\" diverged from upstream root: at sequence 8; ")
        .endsWith("(quicksilver copy-anew dns)");
    isAsked(B, next.afterWait());
    Step step = next.afterRefusal(GONE);
    assertThat(step.to()).isInstanceOf(BackingOff.class);
    now += ASK_AGAIN;
    isAsked(A, next.afterWait());
    step = nobodyHasTheLog();
    assertThat(step.to()).isInstanceOf(Diverged.class);
    assertThat(step.why())
        .isEqualTo(
            "database \"dns\" diverged from upstream root: at sequence 8; and now upstream"
                + " 127.0.0.1:2 refused: SNAPSHOT_NEEDED: gone");
  }

  @Test
  void oneThatWasContradictedIsCopiedOnceAnHourIfSoConfigured() {
    follow("dns", config.withOnDivergence(DivergencePolicy.COPY));
    assertThat(next.afterContradiction("root", CONTRADICTION, 3).to())
        .isEqualTo(new Diverged(now, true));
    divergence.copying();
    next.afterCopy(new Bootstrap.Result(true, "copied"));
    now += TimeUnit.HOURS.toNanos(1) - SECOND;
    upstreams.leaveOut(A, "it lies");
    upstreams.leaveOut(B, "it lies, too");
    assertThat(next.afterContradiction("root", CONTRADICTION, 4).to())
        .as("the copy is due before an upstream is")
        .isEqualTo(new Diverged(now + SECOND, false));
    now += SECOND;
    assertThat(next.afterContradiction("root", CONTRADICTION, 4).to())
        .isEqualTo(new Diverged(now, true));
  }

  @Test
  void aCopyThatIsInUseIsFollowedAndBeginsWithoutAnOpinion() {
    next.afterFailure("A is down");
    next.afterRefusal(BUSY);
    next.afterContradiction("root", CONTRADICTION, 3);
    Step failed = next.afterCopy(new Bootstrap.Result(false, "copying: nobody answers"));
    assertThat(failed).isEqualTo(new Step(backsOff(2 * SOON), "copying: nobody answers"));
    assertThat(upstreams.refusal()).contains(BUSY);
    assertThat(divergence.contradiction()).isNotEmpty();

    Step used = next.afterCopy(new Bootstrap.Result(true, "serves the copy"));
    isAsked(B, used.to()); // A is the one that has contradicted
    assertThat(used.why()).isEqualTo("serves the copy");
    assertThat(upstreams.refusal()).isEmpty();
    assertThat(divergence.contradiction()).isEmpty();
    assertThat(next.afterFailure("B is down").to()).isEqualTo(backsOff(SOON));
  }

  @Test
  void theEndIsTheEndOnlyIfItWasAskedFor() {
    assertThat(next.afterEnd(new End(EndReason.STOP_SEQUENCE, 7), "root"))
        .isEqualTo(new Step(new Ended(), "stopped at sequence 7 as configured"));
    Step dropped = next.afterEnd(new End(EndReason.DATABASE_DROPPED, 7), "root");
    isAsked(B, dropped.to());
    assertThat(dropped.why()).isEqualTo("database dropped at root");
  }
}

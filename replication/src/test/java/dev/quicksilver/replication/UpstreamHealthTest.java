package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** When an upstream that serves is left, with a clock that is stepped. */
final class UpstreamHealthTest {
  private static final Upstream A = Upstream.primary("127.0.0.1", 1);
  private static final Upstream B = Upstream.primary("127.0.0.1", 2);
  private static final Upstream LAST = Upstream.secondary("127.0.0.1", 3);
  private static final UpstreamChoice CHOICE =
      new UpstreamChoice(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(30));

  private final UpstreamHealth health = new UpstreamHealth(CHOICE, List.of(A, B, LAST));

  private static long s(long seconds) {
    return TimeUnit.SECONDS.toNanos(seconds);
  }

  /** Where a node at sequence 7 goes, whose upstream has no more. */
  private Optional<Upstream> next(Upstream current, long second) {
    return health.move(current, s(second), 7, 7, false).map(UpstreamHealth.Move::to);
  }

  @Test
  void returnsToAPreferredOneThatHasAnsweredWellForTheTime() {
    health.followed(s(0));
    health.well(A, s(1), 7, 7);
    health.well(A, s(10), 7, 7);
    assertThat(next(B, 10)).isEmpty();
    health.well(A, s(11), 7, 7);
    assertThat(next(B, 11)).contains(A);
  }

  @Test
  void oneBadAnswerBeginsTheTimeAgain() {
    health.followed(s(0));
    health.well(A, s(1), 7, 7);
    health.unwell(A);
    health.well(A, s(9), 7, 7);
    health.well(A, s(18), 7, 7);
    assertThat(next(B, 18)).isEmpty();
    health.well(A, s(19), 7, 7);
    assertThat(next(B, 19)).contains(A);
  }

  @Test
  void doesNotLeaveForALessPreferredOneThatIsJustWell() {
    health.followed(s(0));
    health.well(B, s(1), 7, 7);
    health.well(LAST, s(1), 7, 7);
    health.well(B, s(100), 7, 7);
    health.well(LAST, s(100), 7, 7);
    assertThat(next(A, 100)).isEmpty();
    assertThat(next(LAST, 100)).contains(B);
  }

  @Test
  void waitsTwiceAsLongForOneThatFailedSoonAfterTheReturn() {
    health.followed(s(0));
    health.well(A, s(1), 7, 7);
    health.well(A, s(11), 7, 7);
    health.followed(s(11));
    health.left(A, s(15), true);
    health.followed(s(15));
    health.well(A, s(20), 7, 7);
    health.well(A, s(39), 7, 7);
    assertThat(next(B, 39)).isEmpty();
    health.well(A, s(40), 7, 7);
    assertThat(next(B, 40)).contains(A);
  }

  @Test
  void forgetsAFailureOnceItHasServedForLong() {
    health.left(A, s(0), false);
    health.followed(s(0));
    health.left(A, s(200), true);
    health.followed(s(200));
    health.well(A, s(201), 7, 7);
    health.well(A, s(211), 7, 7);
    assertThat(next(B, 211)).contains(A);
  }

  @Test
  void leavesOneThatDoesNotSendWhatAnotherHas() {
    health.followed(s(0));
    health.well(LAST, s(1), 9, 7);
    assertThat(next(A, 30)).isEmpty();
    assertThat(next(A, 31)).contains(LAST);
  }

  @Test
  void doesNotLeaveOneThatSendsItInTime() {
    health.followed(s(0));
    health.well(LAST, s(1), 9, 7);
    assertThat(health.move(A, s(20), 9, 9, false)).isEmpty();
    health.well(LAST, s(25), 20, 9);
    assertThat(health.move(A, s(40), 9, 20, false)).as("it only takes time here").isEmpty();
    assertThat(health.move(A, s(200), 20, 20, false)).isEmpty();
  }

  @Test
  void whileCatchingUpAnotherOneHasNotMore() {
    health.followed(s(0));
    health.well(LAST, s(1), 1000, 7);
    assertThat(health.move(A, s(100), 200, 900, true)).isEmpty();
    assertThat(health.move(A, s(101), 900, 900, false)).isEmpty();
  }
}

package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Everything that depends on time, on a stepped clock. */
final class PacingTest {
  private static final long MILLI = 1_000_000;

  @Test
  void theFirstCommitAfterAPauseIsNeverDelayed() {
    CommitPacer pacer = new CommitPacer(Duration.ofMillis(500), 1000);
    pacer.add(1);
    assertThat(pacer.remaining(0)).isZero();
    pacer.committed(0, 0);
    pacer.add(1);
    assertThat(pacer.remaining(500 * MILLI)).isZero();
  }

  @Test
  void underLoadCommitsComeOncePerWindow() {
    CommitPacer pacer = new CommitPacer(Duration.ofMillis(500), 1000);
    pacer.committed(6 * MILLI, 7 * MILLI);
    pacer.add(1);
    assertThat(pacer.remaining(7 * MILLI)).isEqualTo(499 * MILLI);
    assertThat(pacer.remaining(505 * MILLI)).isEqualTo(MILLI);
    assertThat(pacer.remaining(506 * MILLI)).isZero();
  }

  /** Or each hop would add a window of its own to the delay. */
  @Test
  void aNodeIsReadyEachTimeAnUpstreamWithTheSameWindowSends() {
    CommitPacer upstream = new CommitPacer(Duration.ofMillis(500), 1000);
    CommitPacer node = new CommitPacer(Duration.ofMillis(500), 1000);
    long now = 0;
    for (int i = 0; i < 10; i++) {
      now += upstream.remaining(now);
      long sent = now + 20 * MILLI;
      upstream.committed(now, sent);
      node.add(1);
      assertThat(node.remaining(sent)).isZero();
      node.committed(sent, sent + 300 * MILLI); // slower than its upstream
      upstream.add(1);
      now = sent;
    }
  }

  @Test
  void largeCommitsThatTakeLongMakeTheWindowLongerUpToABound() {
    CommitPacer pacer = new CommitPacer(Duration.ofMillis(500), Long.MAX_VALUE);
    pacer.add(1 << 20);
    pacer.committed(0, 300 * MILLI);
    assertThat(pacer.remaining(300 * MILLI)).isEqualTo(1200 * MILLI);
    pacer.add(1 << 20);
    pacer.committed(0, 10_000 * MILLI);
    assertThat(pacer.remaining(10_000 * MILLI)).isEqualTo(2000 * MILLI);
    pacer.add(1 << 20);
    pacer.committed(0, MILLI);
    assertThat(pacer.remaining(MILLI)).isEqualTo(500 * MILLI);
    pacer.add((1 << 20) - 1);
    pacer.committed(0, 300 * MILLI);
    assertThat(pacer.remaining(300 * MILLI)).as("a small commit").isEqualTo(200 * MILLI);
  }

  @Test
  void aTransactionThatReachedItsBoundDoesNotWait() {
    CommitPacer pacer = new CommitPacer(Duration.ofMillis(500), 1000);
    pacer.committed(0, 0);
    pacer.add(999);
    assertThat(pacer.remaining(1)).isPositive();
    pacer.add(1);
    assertThat(pacer.remaining(1)).isZero();
    pacer.committed(1, 2);
    assertThat(pacer.remaining(3)).isPositive();
  }

  @Test
  void afterBlocksWereThrownAwayTheNextIsCommittedAlone() {
    CommitPacer pacer = new CommitPacer(Duration.ofMillis(500), 1000);
    pacer.committed(0, 1);
    pacer.add(400);
    assertThat(pacer.remaining(2)).isPositive();
    pacer.discarded();
    pacer.add(400);
    assertThat(pacer.remaining(2)).isZero();
  }

  @Test
  void pausesDoubleUpToTheBoundAndStartAgainAfterASuccess() {
    BackOff longest = new BackOff(Duration.ofMillis(100), Duration.ofMillis(350), () -> 1.0);
    assertThat(List.of(longest.next(), longest.next(), longest.next(), longest.next()))
        .containsExactly(100 * MILLI, 200 * MILLI, 350 * MILLI, 350 * MILLI);
    longest.reset();
    assertThat(longest.next()).isEqualTo(100 * MILLI);
    BackOff shortest = new BackOff(Duration.ofMillis(100), Duration.ofMillis(350), () -> 0.0);
    assertThat(shortest.next()).isEqualTo(50 * MILLI);
  }

  @Test
  void warningsFromOutsideAreLoggedOncePerSecond() {
    long[] now = {5};
    LogLimiter limiter = new LogLimiter(LoggerFactory.getLogger("test"), () -> now[0]);
    assertThat(limiter.warn("one")).isTrue();
    now[0] += TimeUnit.SECONDS.toNanos(1) - 1;
    assertThat(limiter.warn("two")).isFalse();
    now[0] += 1;
    assertThat(limiter.warn("three")).isTrue();
  }
}

package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Lag in seconds, with a root whose clock is years away from this node's. */
final class RootLagTest {
  private static final long ROOT = TimeUnit.DAYS.toMicros(9000);

  private final AtomicLong now = new AtomicLong(5);
  private final RootLag lag = new RootLag(new UUID(1, 2), now::get);

  private void pass(long seconds) {
    now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  private static RootHead head(long sequence, long second, long ageSeconds) {
    return new RootHead(
        sequence,
        0,
        ROOT + TimeUnit.SECONDS.toMicros(second),
        TimeUnit.SECONDS.toMicros(ageSeconds));
  }

  private double seconds() {
    return lag.lagMicros().orElseThrow() / 1e6;
  }

  @Test
  void isNotKnownBeforeTheRootWasHeardOfAndReached() {
    assertThat(lag.lagMicros()).isEmpty();
    assertThat(lag.forFollowers()).isEmpty();
    lag.heard(head(4, 0, 0));
    assertThat(lag.lagMicros()).isEmpty();
    lag.durable(4);
    assertThat(seconds()).isZero();
  }

  @Test
  void growsWhileNothingIsHeardAndIsPassedOnAsAge() {
    lag.durable(4);
    lag.heard(head(4, 0, 0));
    pass(90);
    assertThat(seconds()).isEqualTo(90);
    assertThat(lag.forFollowers()).contains(head(4, 0, 90));
  }

  @Test
  void whatARelayRepeatsIsNothingNewOfTheRoot() {
    assertThat(lag.silence()).isEmpty();
    lag.heard(head(4, 0, 0));
    pass(1);
    lag.heard(head(4, 1, 0));
    assertThat(lag.silence()).hasValue(0);
    pass(2);
    lag.heard(head(4, 1, 2));
    pass(3);
    assertThat(lag.silence()).hasValue(TimeUnit.SECONDS.toNanos(5));
    lag.heard(head(4, 0, 0));
    assertThat(lag.silence()).as("another root, whose clock is behind").hasValue(0);
  }

  @Test
  void aRelayThatHeardNothingForLongMakesThoseBelowLag() {
    lag.durable(4);
    lag.heard(head(4, 0, 0));
    pass(60);
    lag.heard(head(4, 0, 60));
    assertThat(seconds()).isEqualTo(60);
  }

  @Test
  void isNotLongerBelowANodeThatHeardOfTheIdleRootEarlier() {
    lag.durable(4);
    lag.heard(head(4, 60, 0));
    lag.heard(head(4, 0, 60)); // from a relay that has been cut off for a minute
    assertThat(seconds()).isZero();
    assertThat(lag.forFollowers()).contains(head(4, 60, 0));
  }

  @Test
  void countsFromTheLastMomentOfWhichAllIsHere() {
    lag.durable(4);
    lag.heard(head(4, 0, 0));
    pass(10);
    lag.heard(head(7, 10, 0));
    pass(10);
    lag.heard(head(9, 20, 0));
    assertThat(seconds()).isEqualTo(20);
    lag.durable(8);
    assertThat(seconds()).isEqualTo(10);
    lag.durable(9);
    assertThat(seconds()).isZero();
    assertThat(lag.rootSequence()).isEqualTo(9);
  }

  @Test
  void aMessageThatWasLongOnItsWayDoesNotHideTheLag() {
    lag.durable(4);
    lag.heard(head(4, 0, 0));
    pass(30);
    lag.heard(head(4, 1, 0)); // sat in a buffer for 29 s
    assertThat(seconds()).isEqualTo(29);
  }

  @Test
  void aRootWithAnEarlierClockIsBelievedAfterTenMinutes() {
    lag.durable(4);
    lag.heard(head(4, 3600, 0));
    for (int i = 0; i <= 600; i++) {
      lag.heard(head(4, i, 0));
      pass(1);
    }
    assertThat(seconds()).isEqualTo(1);
  }

  @Test
  void anUpstreamThatKnowsLessDoesNotTakeAwayWhatIsKnown() {
    lag.durable(4);
    lag.heard(head(9, 10, 0));
    lag.heard(head(3, 2, 8));
    assertThat(lag.rootSequence()).isEqualTo(9);
    assertThat(lag.lagMicros()).isEmpty();
  }

  @Test
  void farBehindFewMomentsAreRememberedAndTheLastCounts() {
    lag.durable(1);
    lag.heard(head(1, 0, 0));
    for (int i = 1; i <= 10_000; i++) {
      pass(1);
      lag.heard(head(1 + i, i, 0));
    }
    assertThat(seconds()).isEqualTo(10_000);
    lag.durable(5_000);
    assertThat(seconds()).isBetween(5_000.0, 10_000.0);
    lag.durable(10_001);
    assertThat(seconds()).isZero();
  }

  @Test
  void whatWasHeardBeforeThisNodeWasTheRootIsNotPassedOnWhenItFollowsAgain() {
    RootHeads heads = new RootHeads(now::get, () -> ROOT);
    DatabaseIdentity dns = new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text");
    heads.pull();
    heads.of(dns).heard(head(4, 0, 0));
    assertThat(heads.find("dns").orElseThrow().silence()).isPresent();
    heads.lead();
    pass(3600);
    heads.pull();
    assertThat(heads.find("dns").flatMap(RootLag::forFollowers)).isEmpty();
    assertThat(heads.of(dns).silence()).isEmpty();
  }
}

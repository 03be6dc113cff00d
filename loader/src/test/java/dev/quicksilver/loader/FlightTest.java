package dev.quicksilver.loader;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FlightTest {
  private static final long SECOND = 1_000_000;

  private final Flight flight = new Flight(20_000, 2 * SECOND);
  private long now = 1_000 * SECOND;

  /** Commits batches until no more may follow; returns the rows. */
  private int fill() {
    int rows = 0;
    while (flight.mayGo()) {
      flight.committed(now++, flight.batchRows());
      rows += flight.batchRows();
    }
    return rows;
  }

  /** All that is under way arrives after so long. */
  private void arrives(long after) {
    long sent = now;
    now += after;
    flight.heard(now, sent);
  }

  @Test
  void nothingFollowsUntilSomethingHasArrived() {
    assertThat(fill()).isEqualTo(4_000);
    now += SECOND;
    flight.heard(now, 0);
    assertThat(flight.mayGo()).isFalse();
    arrives(SECOND / 2);
    assertThat(flight.mayGo()).isTrue();
  }

  @Test
  void doublesWhileEverythingIsInTimeUpToFourWholeBatches() {
    for (int rows = 4_000; rows < 64_000; rows *= 2) {
      assertThat(fill()).isEqualTo(rows);
      arrives(SECOND);
    }
    fill();
    arrives(SECOND);
    assertThat(fill()).isEqualTo(80_000);
    assertThat(flight.batchRows()).isEqualTo(20_000);
  }

  @Test
  void whatIsLateHalvesOnceAndThenItGrowsSlowly() {
    assertThat(fill()).isEqualTo(4_000);
    now += 3 * SECOND;
    flight.heard(now, 0);
    flight.heard(now + 1, 0);
    arrives(1);
    assertThat(fill()).isEqualTo(2_000);
    arrives(SECOND);
    assertThat(fill()).isBetween(2_400, 2_500);
  }

  @Test
  void whatIsCommittedAfterItWasHalvedHalvesItAgainIfItIsLate() {
    for (int rows = 4_000; rows >= 500; rows /= 2) {
      assertThat(fill()).isEqualTo(rows);
      arrives(3 * SECOND);
    }
  }

  @Test
  void aBatchMayAlwaysFollowIfNothingIsUnderWay() {
    for (int i = 0; i < 20; i++) {
      assertThat(fill()).isPositive();
      arrives(3 * SECOND);
    }
    assertThat(fill()).isEqualTo(100);
    flight.arrived();
    assertThat(flight.mayGo()).isTrue();
  }

  @Test
  void smallBatchesStaySmall() {
    var small = new Flight(50, SECOND);
    assertThat(small.batchRows()).isEqualTo(50);
    small.committed(now, 50);
    assertThat(small.mayGo()).isTrue();
  }
}

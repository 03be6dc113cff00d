package dev.quicksilver.loader;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FlightTest {
  private static final long SECOND = 1_000_000;

  private final Flight flight = new Flight(20_000, 2 * SECOND);
  private long now = 1_000 * SECOND;

  /** Commits batches until there is no room; returns the rows. */
  private int fill() {
    int rows = 0;
    while (flight.hasRoom()) {
      flight.committed(now, flight.batchRows());
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
    assertThat(flight.hasRoom()).isFalse();
    flight.heard(now, now - SECOND);
    assertThat(flight.hasRoom()).isTrue();
    assertThat(flight.rows()).isZero();
  }

  @Test
  void doublesWhileThereIsPlentyOfTime() {
    for (int rows = 4_000; rows < 12_000; rows *= 2) {
      assertThat(fill()).isEqualTo(rows);
      arrives(SECOND);
    }
    assertThat(fill()).isEqualTo(12_000);
    assertThat(flight.batchRows()).isEqualTo(1_500);
  }

  @Test
  void muchMayBeUnderWayWhereMuchTimeIs() {
    assertThat(new Flight(20_000, 60 * SECOND).allowed()).isEqualTo(3_600_000);
    var day = new Flight(20_000, 86_400 * SECOND);
    assertThat(day.batchRows()).isEqualTo(20_000);
    day.committed(now, 20_000);
    assertThat(day.pause(now)).isLessThan(2 * SECOND);
  }

  @Test
  void growsSlowlyWhileItIsInTime() {
    fill();
    arrives(SECOND * 2);
    assertThat(flight.allowed()).isBetween(4_400L, 4_500L);
  }

  @Test
  void whatIsLateHalvesOnceAsFarAsTheLeast() {
    fill();
    arrives(SECOND);
    assertThat(fill()).isEqualTo(8_000);
    now += 3 * SECOND;
    flight.heard(now, 0);
    flight.heard(now + 1, 0);
    assertThat(flight.allowed()).isEqualTo(4_000);
    flight.heard(now, now);
    assertThat(flight.allowed()).isEqualTo(4_000);
    for (int i = 0; i < 3; i++) {
      now++;
      fill();
      arrives(3 * SECOND);
      assertThat(flight.allowed()).isEqualTo(2_000);
    }
  }

  @Test
  void whatMayBeUnderWayIsSpreadOverTheTime() {
    assertThat(flight.pause(now)).isZero();
    flight.committed(now, 500);
    flight.committed(now, 500);
    assertThat(flight.pause(now)).isEqualTo(SECOND / 4);
    flight.committed(now + SECOND, 500); // later than it could have
    assertThat(flight.pause(now + SECOND)).isLessThanOrEqualTo(0);
  }

  @Test
  void batchesAreNoLargerThanToldAndHaveRoomIfNothingIsUnderWay() {
    var small = new Flight(50, SECOND);
    assertThat(small.batchRows()).isEqualTo(50);
    small.committed(now, 1_000_000);
    assertThat(small.hasRoom()).isFalse();
    small.arrived();
    assertThat(small.hasRoom()).isTrue();
  }
}

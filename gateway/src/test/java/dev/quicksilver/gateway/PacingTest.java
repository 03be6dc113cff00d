package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class PacingTest {
  private static final long MICRO = 1_000;

  private long now;

  /** A read that waited for 50 µs, after some that found their messages there. */
  private long burst(Pacing pacing, int found) {
    for (int i = 1; i < found; i++) {
      assertThat(pacing.afterRead(now, now + MICRO)).isZero();
      now += MICRO;
    }
    long began = now;
    now += 50 * MICRO;
    long rest = pacing.afterRead(began, now);
    now += rest;
    return rest;
  }

  @Test
  void restsOnlyWhenMessagesComeWithoutAPause() {
    Pacing pacing = new Pacing(Duration.ofMillis(500));
    for (int i = 0; i < 100; i++) {
      assertThat(burst(pacing, 3)).isZero();
      now += Duration.ofMillis(20).toNanos();
    }
  }

  @Test
  void restsLongerUntilManyMessagesPileUpAndShorterWhenTooMany() {
    Pacing pacing = new Pacing(Duration.ofMillis(500));
    long rest = 0;
    for (int i = 0; i < 40; i++) {
      long next = burst(pacing, 3);
      assertThat(next).isGreaterThanOrEqualTo(rest).isLessThanOrEqualTo(4_000 * MICRO);
      rest = next;
    }
    assertThat(rest).isEqualTo(4_000 * MICRO);
    assertThat(burst(pacing, 100)).isEqualTo(rest);
    assertThat(burst(pacing, 250)).isEqualTo(rest / 2);
    now += Duration.ofMillis(100).toNanos();
    assertThat(burst(pacing, 3)).isZero();
  }

  @Test
  void neverRestsWithoutAWindow() {
    Pacing pacing = new Pacing(Duration.ZERO);
    for (int i = 0; i < 100; i++) {
      assertThat(burst(pacing, 3)).isZero();
    }
  }
}

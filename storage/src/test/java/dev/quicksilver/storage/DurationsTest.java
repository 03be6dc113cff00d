package dev.quicksilver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DurationsTest {
  @Test
  void countsByClassAndSums() {
    Durations durations = new Durations();
    durations.add(0);
    durations.add(TimeUnit.MICROSECONDS.toNanos(500)); // still in the first
    durations.add(TimeUnit.MICROSECONDS.toNanos(500) + 1);
    durations.add(TimeUnit.SECONDS.toNanos(30));
    durations.add(TimeUnit.MINUTES.toNanos(1));
    Durations.Sums sums = durations.sums();
    assertThat(sums.counts()).hasSize(Durations.BOUNDS.size() + 1);
    assertThat(sums.counts().getFirst()).isEqualTo(2);
    assertThat(sums.counts().get(1)).isEqualTo(1);
    assertThat(sums.counts().get(Durations.BOUNDS.size() - 1)).isEqualTo(1);
    assertThat(sums.counts().getLast()).isEqualTo(1);
    assertThat(sums.seconds()).isCloseTo(90.001, within(1e-6));
    assertThat(Durations.Sums.NONE.counts()).containsOnly(0L);
  }
}

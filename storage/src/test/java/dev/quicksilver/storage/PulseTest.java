package dev.quicksilver.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PulseTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // nanoTime may wrap around
  private final Pulse pulse = new Pulse(now::get);

  @Test
  void isSilentFromTheLastBeatOn() {
    pulse.beat();
    now.addAndGet(100);
    assertThat(pulse.silence()).isEqualTo(Duration.ofNanos(100));
    pulse.beat();
    assertThat(pulse.silence()).isZero();
  }

  @Test
  void isNotSilentWhileItRestsOrHasNotBegun() {
    assertThat(pulse.silence()).isZero();
    pulse.beat();
    now.addAndGet(100);
    pulse.rest();
    now.addAndGet(100);
    assertThat(pulse.silence()).isZero();
    pulse.beat();
    now.addAndGet(7);
    assertThat(pulse.silence()).isEqualTo(Duration.ofNanos(7));
  }
}

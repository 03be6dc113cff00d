package dev.quicksilver.gateway.central;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TimelineHistoryTest {
  private final TimelineHistory history =
      TimelineHistory.parse(
          3,
          "1\t0/3000000\tno recovery target specified\n\n2\t1/A0\tno recovery target specified\n");

  @Test
  void containsWhatWasWrittenBeforeTheSwitch() {
    assertThat(history.contains(1, 0x3000000)).isTrue();
    assertThat(history.contains(2, 0x1000000A0L)).isTrue();
    assertThat(history.contains(3, Long.MAX_VALUE)).isTrue();
  }

  @Test
  void lacksWhatWasWrittenAfterTheSwitch() {
    assertThat(history.contains(1, 0x3000001)).isFalse();
    assertThat(history.contains(2, -1L)).isFalse();
    assertThat(history.contains(4, 1)).isFalse();
  }

  @Test
  void readsAFirstTimelineWithoutHistory() {
    assertThat(TimelineHistory.parse(1, "").contains(1, 5)).isTrue();
    assertThat(TimelineHistory.parse(1, "").contains(2, 5)).isFalse();
  }

  @Test
  void whatLiesBeyondTheEndOfATimelineIsCommonUpToThere() {
    TimelineHistory history = TimelineHistory.parse(3, "1\t0/100\tx\n2\t0/200\ty\n");
    assertThat(history.common(1, 0x90)).isEqualTo(0x90);
    assertThat(history.common(1, 0x100)).isEqualTo(0x100);
    assertThat(history.common(1, 0x101)).isEqualTo(0x100);
    assertThat(history.common(2, 0x1FF)).isEqualTo(0x1FF);
    assertThat(history.common(2, -1)).isEqualTo(0x200);
    assertThat(history.common(3, 0x999)).isEqualTo(0x999);
    assertThat(history.common(4, 0x999)).as("none of its own").isEqualTo(0x999);
  }
}

package dev.quicksilver.gateway.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class WaitersTest {
  private long now = Long.MAX_VALUE; // a clock may overflow
  private final Waiters waiters = new Waiters(() -> now);

  @Test
  void aQuestionIsAnsweredOnceItsLsnIsDurable() {
    UUID early = new UUID(1, 1);
    UUID late = new UUID(2, 2);
    take("ask " + late + " FFFFFFFF/10");
    take("ask " + early + " 0/20");
    assertThat(waiters.answerable(0x1F)).isEmpty();
    assertThat(waiters.answerable(0x20)).containsExactly(new Waiters.Question(early, 0x20));
    assertThat(waiters.answerable(0x20)).as("once").isEmpty();
    assertThat(waiters.answerable(-1))
        .containsExactly(new Waiters.Question(late, 0xFFFFFFFF_00000010L));
  }

  @Test
  void whoAsksAgainIsAnsweredOnceOfTheLaterLsn() {
    UUID id = new UUID(1, 1);
    take("ask " + id + " 0/20");
    take("ask " + id + " 0/30");
    assertThat(waiters.answerable(-1)).containsExactly(new Waiters.Question(id, 0x30));
  }

  @Test
  void aSessionWaitsUntilWhatItWroteIsRecorded() {
    assertThat(waiters.isWaiting()).isFalse();
    take("wait");
    assertThat(waiters.isWaiting()).isTrue();
    waiters.recorded();
    assertThat(waiters.isWaiting()).isFalse();
    take("ask " + new UUID(1, 1) + " 0/20");
    assertThat(waiters.isWaiting()).as("its answer needs what was before it").isTrue();
  }

  @Test
  void watchingEndsTwoSecondsAfterTheLastWord() {
    take("watch");
    now += Duration.ofMillis(1_500).toNanos();
    take("watch");
    now += Duration.ofSeconds(2).toNanos() - 1;
    assertThat(waiters.isWatched()).isTrue();
    now += 1;
    assertThat(waiters.isWatched()).isFalse();
  }

  @Test
  void passesOverWhatIsNotOurs() {
    String id = new UUID(1, 1).toString();
    for (String message :
        List.of(
            "",
            " wait",
            "wait now",
            "Wait",
            "ask",
            "ask " + id,
            "ask x 0/20",
            "ask " + id + " 0/0",
            "ask " + id + " twenty",
            "ask " + id + " 0/20 more",
            "ask " + id + " 0/20" + " ".repeat(100),
            "watch me")) {
      take(message);
    }
    waiters.take(ByteBuffer.wrap(new byte[] {(byte) 0xFF, (byte) 0xC0, 0}));
    assertThat(waiters.answerable(-1)).isEmpty();
    assertThat(waiters.isWatched()).isFalse();
  }

  @Test
  void keepsNoMoreQuestionsThanItsBound() {
    for (int i = 0; i < 5_000; i++) {
      take("ask " + new UUID(0, i) + " 0/20");
    }
    List<Waiters.Question> kept = waiters.answerable(-1);
    assertThat(kept).hasSize(1_000);
    assertThat(kept.getFirst().id()).isEqualTo(new UUID(0, 0));
    take("ask " + new UUID(0, 4_999) + " 0/20");
    assertThat(waiters.answerable(-1)).as("there is room again").hasSize(1);
  }

  @Test
  void aSlotThatIsGoneTakesItsQuestionsAlong() {
    take("wait");
    take("ask " + new UUID(1, 1) + " 0/20");
    waiters.forget();
    assertThat(waiters.isWaiting()).isFalse();
    assertThat(waiters.answerable(-1)).isEmpty();
  }

  private void take(String message) {
    waiters.take(ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
  }
}

package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.UpstreamList.Verdict;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order in which upstreams are asked, and what their refusals lead to. */
final class UpstreamListTest {
  private static final Upstream A = Upstream.primary("127.0.0.1", 1);
  private static final Upstream B = Upstream.primary("127.0.0.1", 2);
  private static final Upstream LAST = Upstream.secondary("127.0.0.1", 3);
  private static final Refusal GONE = Refusal.of(RefusalCode.SNAPSHOT_NEEDED, "gone");
  private static final Refusal FORK = Refusal.of(RefusalCode.FORK, "another history");

  private static final Duration PACE = Duration.ofSeconds(30);

  private long now = 5;

  private UpstreamList list(Upstream... upstreams) {
    return new UpstreamList(List.of(upstreams), new SlowPace(PACE, () -> 1), () -> now);
  }

  @Test
  void secondariesComeAfterAllPrimariesAndThenTheRoundIsOver() {
    UpstreamList list = list(A, LAST, B);
    assertThat(list.current()).isEqualTo(A);
    assertThat(list.advance()).isTrue();
    assertThat(list.current()).isEqualTo(B);
    assertThat(list.advance()).isTrue();
    assertThat(list.current()).isEqualTo(LAST);
    assertThat(list.advance()).isFalse();
    assertThat(list.current()).isEqualTo(A);
  }

  @Test
  void historyIsLostForGoodOnlyIfNoUpstreamOfARoundHasIt() {
    UpstreamList list = list(A, LAST);
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
    list.advance();
    list.advance();
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
    list.advance();
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NO_HISTORY);
  }

  @Test
  void historyIsLostToOneThatCouldNotAskTheOthersForManyRounds() {
    UpstreamList list = list(A, LAST);
    for (int round = 0; round < 5; round++) {
      assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
      list.advance();
      list.failed(LAST, "nobody answers");
      list.advance();
    }
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NO_HISTORY);
  }

  @Test
  void anUpstreamThatRefusedFinallyIsAskedAgainAfterAWhileWhateverTheOthersDo() {
    UpstreamList list = list(A, B);
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NEXT);
    assertThat(list.standing()).contains(FORK);
    assertThat(list.advance()).isTrue();
    now += PACE.toNanos() - 1;
    list.failed(B, "nobody answers");
    assertThat(list.advance()).isFalse();
    assertThat(list.current()).isEqualTo(B);
    now++;
    list.startRound();
    assertThat(list.current()).isEqualTo(A);
    assertThat(list.hasRefused(A, RefusalCode.FORK)).isTrue();
    list.failed(A, "nobody answers");
    assertThat(list.standing()).isEmpty();
  }

  @Test
  void saysHowLongNobodyIsToBeAsked() {
    UpstreamList list = list(A, B);
    assertThat(list.untilAsked()).isZero();
    list.refused(FORK, true);
    now += 7;
    list.advance();
    assertThat(list.untilAsked()).isZero();
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NOBODY);
    assertThat(list.untilAsked()).isEqualTo(PACE.toNanos() - 7);
    now += PACE.toNanos() - 7;
    list.startRound();
    assertThat(list.current()).isEqualTo(A);
  }

  @Test
  void oneThatContradictsTheCopyIsLeftOutForAWhileAndHasNotRefused() {
    UpstreamList list = list(A, B);
    list.leaveOut(A, "another history");
    list.startRound();
    assertThat(list.current()).isEqualTo(B);
    assertThat(list.standing()).isEmpty();
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
  }

  @Test
  void nobodyIsLeftWhenAllRefusedFinally() {
    UpstreamList list = list(A, B);
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NEXT);
    list.advance();
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NOBODY);
    assertThat(list.status())
        .extracting(UpstreamStatus::result)
        .containsOnly(UpstreamStatus.Result.LEFT_OUT);
  }

  @Test
  void oneWithoutTheHistoryCanStillBeCopiedFromWhenTheOthersRefusedFinally() {
    UpstreamList list = list(A, LAST);
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
    list.advance();
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NO_HISTORY);
  }

  @Test
  void anUpstreamThatAnswersWellAgainIsNoLongerLeftOut() {
    UpstreamList list = list(A, B);
    list.refused(FORK, true);
    list.advance();
    list.answered(A, UpstreamStatus.Result.WELL, "a", 7);
    assertThat(list.standing()).isEmpty();
    assertThat(list.status().getFirst())
        .isEqualTo(new UpstreamStatus(A, UpstreamStatus.Result.WELL, "a", 7, ""));
    list.advance();
    assertThat(list.current()).isEqualTo(A);
  }

  @Test
  void theLastRefusalIsShownUntilAnUpstreamServesThisNode() {
    Refusal busy = Refusal.of(RefusalCode.BUSY, "too many");
    UpstreamList list = list(A, B);
    assertThat(list.refusal()).isEmpty();
    list.refused(FORK, true);
    list.advance();
    list.refused(busy, false);
    list.advance();
    assertThat(list.refusal()).contains(busy);
    list.answered(B, UpstreamStatus.Result.FOLLOWED, "b", 7);
    assertThat(list.refusal()).as("A is left out").contains(FORK);
    list.refusedBy(A, busy, false);
    assertThat(list.refusal()).as("still").contains(FORK);
    list.answered(A, UpstreamStatus.Result.FOLLOWED, "a", 7);
    assertThat(list.refusal()).isEmpty();
  }
}

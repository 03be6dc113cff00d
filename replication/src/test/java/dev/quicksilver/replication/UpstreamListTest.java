package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.UpstreamList.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order in which upstreams are asked, and what their refusals lead to. */
final class UpstreamListTest {
  private static final Upstream A = Upstream.primary("127.0.0.1", 1);
  private static final Upstream B = Upstream.primary("127.0.0.1", 2);
  private static final Upstream LAST = Upstream.secondary("127.0.0.1", 3);
  private static final Refusal GONE = Refusal.of(RefusalCode.SNAPSHOT_NEEDED, "gone");
  private static final Refusal FORK = Refusal.of(RefusalCode.FORK, "another history");

  @Test
  void secondariesComeAfterAllPrimariesAndThenTheRoundIsOver() {
    UpstreamList list = new UpstreamList(List.of(A, LAST, B));
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
    UpstreamList list = new UpstreamList(List.of(A, LAST));
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
    list.advance();
    list.advance();
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
    list.advance();
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NO_HISTORY);
  }

  @Test
  void historyIsLostToOneThatCouldNotAskTheOthersForManyRounds() {
    UpstreamList list = new UpstreamList(List.of(A, LAST));
    for (int round = 0; round < 5; round++) {
      assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
      list.advance();
      list.failed(LAST, "nobody answers");
      list.advance();
    }
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NO_HISTORY);
  }

  @Test
  void anUpstreamThatRefusedFinallyIsLeftOutUntilManyRoundsAreOver() {
    UpstreamList list = new UpstreamList(List.of(A, B));
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NEXT);
    assertThat(list.standing()).contains(FORK);
    assertThat(list.advance()).isTrue();
    for (int round = 1; round < UpstreamList.LEFT_OUT_ROUNDS; round++) {
      assertThat(list.advance()).isFalse();
      assertThat(list.current()).isEqualTo(B);
    }
    assertThat(list.advance()).isFalse();
    assertThat(list.current()).isEqualTo(A);
    assertThat(list.standing()).isEmpty();
  }

  @Test
  void nobodyIsLeftWhenAllRefusedFinally() {
    UpstreamList list = new UpstreamList(List.of(A, B));
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NEXT);
    list.advance();
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NOBODY);
    assertThat(list.status())
        .extracting(UpstreamStatus::result)
        .containsOnly(UpstreamStatus.Result.LEFT_OUT);
  }

  @Test
  void oneWithoutTheHistoryCanStillBeCopiedFromWhenTheOthersRefusedFinally() {
    UpstreamList list = new UpstreamList(List.of(A, LAST));
    assertThat(list.refused(GONE, false)).isEqualTo(Verdict.NEXT);
    list.advance();
    assertThat(list.refused(FORK, true)).isEqualTo(Verdict.NO_HISTORY);
  }

  @Test
  void anUpstreamThatAnswersWellAgainIsNoLongerLeftOut() {
    UpstreamList list = new UpstreamList(List.of(A, B));
    list.refused(FORK, true);
    list.advance();
    list.answered(A, UpstreamStatus.Result.WELL, "a", 7);
    assertThat(list.standing()).isEmpty();
    assertThat(list.status().getFirst())
        .isEqualTo(new UpstreamStatus(A, UpstreamStatus.Result.WELL, "a", 7, ""));
    list.advance();
    assertThat(list.current()).isEqualTo(A);
  }
}

package dev.quicksilver.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.session.AfterFailure.Decision;
import dev.quicksilver.gateway.session.SlotState.Failed;
import dev.quicksilver.gateway.session.SlotState.WaitingForPostgres;
import dev.quicksilver.gateway.session.SlotState.WaitingForSpace;
import dev.quicksilver.storage.lmdb.StorageException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Failures one after the other, at times that the test says, without a PostgreSQL. */
final class AfterFailureTest {
  private static final SQLException AWAY = new SQLException("refused", "08001");
  private static final SQLException UNKNOWN = new SQLException("what", "XX000");

  private long now = Long.MAX_VALUE - 5; // a clock may overflow
  private double chance = 1;
  private final AfterFailure after =
      new AfterFailure(() -> now, bound -> (long) (chance * (bound - 1)));

  @Test
  void aPostgresThatIsAwayIsTriedForEverAtLongerAndLongerIntervals() {
    List<Long> pauses = new ArrayList<>();
    for (int attempt = 1; attempt <= 8; attempt++) {
      WaitingForPostgres waiting = waiting(AWAY);
      assertThat(waiting.attempt()).isEqualTo(attempt);
      assertThat(waiting.problem()).isEqualTo("refused");
      pauses.add(waiting.pause().toMillis());
    }
    assertThat(pauses).containsExactly(50L, 100L, 200L, 400L, 800L, 1000L, 1000L, 1000L);
    assertThat(waiting(new IllegalStateException("no answer of PostgreSQL's")).attempt())
        .isEqualTo(9);
  }

  @Test
  void nodesThatFailedTogetherDoNotTryAgainTogether() {
    chance = 0;
    assertThat(waiting(AWAY).pause()).isEqualTo(Duration.ofMillis(25));
    assertThat(after.slotPause()).isEqualTo(Duration.ofMillis(50));
    chance = 0.5;
    assertThat(waiting(AWAY).pause()).isEqualTo(Duration.ofMillis(75));
    assertThat(after.slotPause()).isEqualTo(Duration.ofMillis(75));
  }

  @Test
  void whoHoldsTheSlotAgainBeginsAnew() {
    assertThat(after.recovered()).as("nothing has failed").isEmpty();
    waiting(AWAY);
    now += Duration.ofSeconds(7).toNanos();
    waiting(AWAY);
    now += Duration.ofSeconds(5).toNanos();
    assertThat(after.recovered()).contains(Duration.ofSeconds(12));
    assertThat(after.recovered()).as("once").isEmpty();
    assertThat(waiting(AWAY))
        .isEqualTo(new WaitingForPostgres(1, Duration.ofMillis(50), "refused"));
  }

  @Test
  void anErrorThatComesAgainAndAgainStays() {
    for (int i = 1; i < AfterFailure.MOST_ANSWERS; i++) {
      waiting(UNKNOWN);
    }
    assertThat(refusal(UNKNOWN).code()).isEqualTo(ErrorCode.POSTGRES_ERROR);
  }

  @Test
  void anErrorStaysOnlyIfNothingComesBetween() {
    for (int i = 1; i < AfterFailure.MOST_ANSWERS; i++) {
      waiting(UNKNOWN);
    }
    waiting(AWAY);
    for (int i = 1; i < AfterFailure.MOST_ANSWERS; i++) {
      waiting(UNKNOWN);
    }
    Decision progressed = after.decide(UNKNOWN, 0x10);
    assertThat(to(progressed)).as("it came further").isInstanceOf(WaitingForPostgres.class);
    after.recovered();
    for (int i = 2; i < AfterFailure.MOST_ANSWERS; i++) {
      assertThat(to(after.decide(UNKNOWN, 0x10))).isInstanceOf(WaitingForPostgres.class);
    }
    assertThat(to(after.decide(UNKNOWN, 0x10)))
        .as("to hold the slot without getting any further is nothing")
        .isInstanceOf(Failed.class);
  }

  @Test
  void aSlotInUseChangesNothingElse() {
    SQLException busy = new SQLException("slot is active", "55006");
    waiting(UNKNOWN);
    for (int i = 0; i < 100; i++) {
      assertThat(after.decide(busy, 0)).isEqualTo(new Decision.AskWhoHoldsIt());
    }
    assertThat(waiting(UNKNOWN).attempt()).isEqualTo(2);
  }

  @Test
  void aFullDiskIsTriedForEver() {
    StorageException full =
        new StorageException(dev.quicksilver.storage.lmdb.ErrorCode.NO_SPACE, "the map\nis full");
    for (int i = 0; i < 100; i++) {
      assertThat(after.decide(full, 0))
          .isEqualTo(
              new Decision.Move(
                  new WaitingForSpace(Duration.ofSeconds(1), "NO_SPACE: the map; is full"),
                  "the map; is full; trying again until there is room"));
    }
    assertThat(after.recovered()).as("PostgreSQL was there").isEmpty();
  }

  @Test
  void otherFailuresOfStorageAreRefused() {
    GatewayException refusal =
        refusal(new StorageException(dev.quicksilver.storage.lmdb.ErrorCode.IO, "unplugged"));
    assertThat(refusal.code()).isEqualTo(ErrorCode.STORAGE);
    assertThat(refusal).hasMessage("storage failed (IO): unplugged");
  }

  @Test
  void aRefusalIsPassedOnAsItIs() {
    GatewayException refusal = new GatewayException(ErrorCode.SLOT_LOST, "it is lost");
    assertThat(after.decide(refusal, 0))
        .isEqualTo(new Decision.Move(new Failed(refusal), "SLOT_LOST: it is lost"));
  }

  @ParameterizedTest
  @CsvSource({
    "28P01, ACCESS_DENIED",
    "3D000, ACCESS_DENIED",
    "42501, ACCESS_DENIED",
    "25006, READ_ONLY",
    "42P01, SCHEMA_MISSING",
    "42883, SCHEMA_MISSING"
  })
  void whatPostgresAnswersIsRefusedIfNoAttemptCanGoBetter(String state, ErrorCode code) {
    SQLException answer = new SQLException("no", state);
    assertThat(refusal(answer).code()).isEqualTo(code);
    assertThat(refusal(new DataAccessException("SELECT", answer)).code()).isEqualTo(code);
  }

  @Test
  void saysWhetherPostgresIsAwayOrErrs() {
    assertThat(((Decision.Move) after.decide(AWAY, 0)).reason())
        .isEqualTo("The central PostgreSQL is away (refused); trying again");
    assertThat(((Decision.Move) after.decide(UNKNOWN, 0)).reason())
        .isEqualTo("The central PostgreSQL answers with an error (what); trying again");
  }

  private static SlotState to(Decision decision) {
    return ((Decision.Move) decision).to();
  }

  private WaitingForPostgres waiting(Exception failure) {
    return (WaitingForPostgres) to(after.decide(failure, 0));
  }

  private GatewayException refusal(Exception failure) {
    return (GatewayException) ((Failed) to(after.decide(failure, 0))).cause();
  }
}

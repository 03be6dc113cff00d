package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import org.junit.jupiter.api.Test;

/** How many are at it at a time. */
class TurnsTest {
  private static final PgException OVER = PgException.of(SqlState.QUERY_CANCELED, "over");

  private final Turns turns = new Turns(1);

  private void requireNone() {
    assertThatExceptionOfType(PgException.class).isThrownBy(() -> turns.take(() -> OVER));
  }

  @Test
  void aHigherNumberLetsMoreIn() {
    try (Turns.Turn one = turns.take(() -> OVER)) {
      requireNone();
      turns.atATime(2);
      try (Turns.Turn two = turns.take(() -> OVER)) {
        assertThat(two).isNotSameAs(one);
        requireNone();
      }
    }
  }

  @Test
  void aLowerNumberHoldsOnceThoseWhoAreAtItHaveLeft() {
    turns.atATime(3);
    Turns.Turn one = turns.take(() -> OVER);
    Turns.Turn two = turns.take(() -> OVER);
    turns.atATime(1);
    requireNone();
    one.leave();
    requireNone();
    two.leave();
    turns.take(() -> OVER).close();
    try (Turns.Turn three = turns.take(() -> OVER)) {
      assertThat(three).isNotNull();
      requireNone();
    }
  }
}

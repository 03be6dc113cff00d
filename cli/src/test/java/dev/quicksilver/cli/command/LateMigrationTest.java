package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Which failures of a migration end a root. */
class LateMigrationTest {
  private static boolean isAway(String state) {
    return LateMigration.isAway(
        new IllegalStateException("migrating", new SQLException("it failed", state)));
  }

  @Test
  void aServerThatStopsInTheMiddleIsTriedAgainAndWhatIsWrongIsNot() {
    assertThat(isAway("57P01")).as("it is shut down").isTrue();
    assertThat(isAway("08006")).as("the connection broke").isTrue();
    assertThat(isAway("53300")).as("too many connections").isTrue();
    assertThat(isAway("42501")).as("no right to do so").isFalse();
    assertThat(isAway(null)).as("says nothing").isFalse();
    assertThat(LateMigration.isAway(new IllegalStateException("another history"))).isFalse();
  }
}

package dev.quicksilver.gateway.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.central.TimelineHistory;
import dev.quicksilver.storage.record.Position;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class SourceChecksTest {
  /** Left timeline 1 at 0/100. */
  private final ReplicationConnection.Identity promoted =
      new ReplicationConnection.Identity(
          -7, TimelineHistory.parse(2, "1\t0/100\tpromoted\n"), 0x200);

  @Test
  void aNodeGoesOnInItsOwnCluster() {
    UUID cluster = new UUID(1, 2);
    assertThatCode(() -> SourceChecks.cluster(cluster, new UUID(1, 2))).doesNotThrowAnyException();
    refused(
        () -> SourceChecks.cluster(cluster, new UUID(1, 3)),
        ErrorCode.WRONG_CLUSTER,
        cluster.toString());
  }

  @Test
  void aNodeGoesOnWhereItsPositionIsInThePast() {
    for (Position position :
        new Position[] {Position.NONE, new Position(-7, 1, 0x100), new Position(-7, 2, 0x101)}) {
      assertThatCode(() -> SourceChecks.past(position, promoted)).doesNotThrowAnyException();
    }
    refused(
        () -> SourceChecks.past(new Position(-7, 1, 0x101), promoted),
        ErrorCode.TIMELINE_FORKED,
        "0/101 on timeline 1");
  }

  @Test
  void aPostgresThatHasLostTheEndOfItsWalIsNotGoneOnWith() {
    assertThatCode(() -> SourceChecks.past(new Position(-7, 2, 0x200), promoted))
        .doesNotThrowAnyException();
    refused(
        () -> SourceChecks.past(new Position(-7, 2, 0x201), promoted),
        ErrorCode.TIMELINE_FORKED,
        "ends at 0/200, before this node's position 0/201");
  }

  @Test
  void anotherSystemIsNamedAsPostgresNamesIt() {
    refused(
        () -> SourceChecks.past(new Position(5, 2, 0x100), promoted),
        ErrorCode.WRONG_SYSTEM,
        "system 5 but the central PostgreSQL is 18446744073709551609");
  }

  private static void refused(ThrowingCallable check, ErrorCode code, String said) {
    GatewayException refusal = catchThrowableOfType(GatewayException.class, check);
    assertThat(refusal).isNotNull();
    assertThat(refusal.code()).isEqualTo(code);
    assertThat(refusal).hasMessageContaining(said);
  }
}

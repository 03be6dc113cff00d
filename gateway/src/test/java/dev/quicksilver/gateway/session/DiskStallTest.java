package dev.quicksilver.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.Preparation;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.sequence.Sequenced;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.replication.RootRole;
import dev.quicksilver.replication.RootRole.Standing;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A commit that the disk does not finish, of a root with a standby and of one without. */
final class DiskStallTest {
  private static final long LONGEST = DiskStall.LONGEST_WORK.toNanos();

  @TempDir private Path folder;

  private final RootRole role = RootRole.of(Standing.ACTIVE);
  private final Standbys standbys = new Standbys();
  private final AtomicInteger givenUp = new AtomicInteger();

  private final class OneOfTwo implements Standby {
    @Override
    public RootRole role() {
      return role;
    }

    @Override
    public boolean hasOthers() {
      return true;
    }

    @Override
    public Optional<Following> follow() {
      return Optional.empty();
    }

    @Override
    public Optional<Following> listen() {
      return Optional.empty();
    }
  }

  @Test
  void lettingTheSlotGoTakesAStandbyAndALongTime() {
    GatewayConfig nowhere = GatewayConfig.of("jdbc:postgresql://127.0.0.1:1/nowhere", "", "");
    try (Sequenced node = new Sequenced(folder);
        CentralDatabase central = new CentralDatabase(nowhere);
        DiskStall stall =
            new DiskStall(
                new SessionParts(
                    nowhere,
                    node.databases,
                    central,
                    new OneOfTwo(),
                    Preparation.NONE,
                    standbys,
                    new Progress(),
                    node.waiters,
                    System::nanoTime),
                () -> 0,
                _ -> givenUp.incrementAndGet())) {
      assertThat(stall.look(LONGEST)).as("nobody would take it").isFalse();
      standbys.held("connection", "b", new Position(1, 1, 1));
      assertThat(stall.look(LONGEST - 1)).isFalse();
      assertThat(role.now()).isEqualTo(Standing.ACTIVE);
      assertThat(stall.look(LONGEST)).isTrue();
      assertThat(role.now()).isEqualTo(Standing.STANDING_BY);
      assertThat(givenUp).hasValue(1);
    }
  }
}

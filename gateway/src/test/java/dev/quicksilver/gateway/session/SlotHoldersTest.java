package dev.quicksilver.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.central.CentralDatabase.Hold;
import dev.quicksilver.gateway.session.SlotHolders.Holder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SlotHoldersTest {
  private final List<Integer> ended = new ArrayList<>();
  private int active;
  private String reply = "12:00";
  private long now = 7;
  private final SlotHolders holders = new SlotHolders(this::hold, ended::add, () -> now);

  private Hold hold() {
    return new Hold(active, 5, reply, false);
  }

  @Test
  void aFreeSlotIsNobodys() {
    assertThat(holders.ask()).isEqualTo(new Holder.Nobody(hold()));
    holders.own(7);
    assertThat(holders.ask()).isEqualTo(new Holder.Nobody(hold()));
    assertThat(ended).isEmpty();
  }

  @Test
  void anotherRootIsLeftAlone() {
    active = 8;
    assertThat(holders.ask()).isEqualTo(new Holder.AnotherRoot(hold()));
    holders.own(7);
    assertThat(holders.ask()).isEqualTo(new Holder.AnotherRoot(hold()));
    assertThat(ended).isEmpty();
  }

  @Test
  void aLostConnectionOfThisNodeIsToldToEndEachTime() {
    holders.own(6);
    holders.own(7);
    active = 7;
    assertThat(holders.ask()).isEqualTo(new Holder.LostConnection(7));
    assertThat(holders.ask()).isEqualTo(new Holder.LostConnection(7));
    assertThat(ended).containsExactly(7, 7);
  }

  @Test
  void aRootIsSilentSinceItsLastAnswerWhateverItsClockSays() {
    active = 8;
    holders.ask();
    now += 1_000;
    holders.ask();
    assertThat(holders.silence()).isEqualTo(Duration.ofNanos(1_000));
    reply = "11:00"; // its clock was set back
    holders.ask();
    assertThat(holders.silence()).isZero();
    now += 500;
    holders.ask();
    assertThat(holders.silence()).isEqualTo(Duration.ofNanos(500));
    active = 9;
    holders.ask();
    assertThat(holders.silence()).isZero();
  }
}

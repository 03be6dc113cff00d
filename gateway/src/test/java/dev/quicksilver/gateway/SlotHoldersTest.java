package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.SlotHolders.Holder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SlotHoldersTest {
  private final List<Integer> ended = new ArrayList<>();
  private int active;
  private final SlotHolders holders = new SlotHolders(() -> active, ended::add);

  @Test
  void aFreeSlotIsNobodys() {
    assertThat(holders.ask()).isEqualTo(new Holder.Nobody());
    holders.own(7);
    assertThat(holders.ask()).isEqualTo(new Holder.Nobody());
    assertThat(ended).isEmpty();
  }

  @Test
  void anotherRootIsLeftAlone() {
    active = 8;
    assertThat(holders.ask()).isEqualTo(new Holder.AnotherRoot(8));
    holders.own(7);
    assertThat(holders.ask()).isEqualTo(new Holder.AnotherRoot(8));
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
}

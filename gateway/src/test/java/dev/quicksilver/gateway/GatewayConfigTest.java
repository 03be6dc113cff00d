package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class GatewayConfigTest {
  private static final String URL = "jdbc:postgresql://h/d?user=u&password=in-the-url";
  private static final GatewayConfig CONFIG = GatewayConfig.of(URL, "u", "secret");

  @Test
  void hasTheDefaultsThatTheDocumentationNames() {
    assertThat(CONFIG)
        .isEqualTo(
            new GatewayConfig(
                URL,
                "u",
                "secret",
                Duration.ofMillis(500),
                "",
                "quicksilver",
                Duration.ofSeconds(10)));
  }

  @Test
  void changesOneThingAtATime() {
    assertThat(
            CONFIG
                .withWindow(Duration.ZERO)
                .withSlotName("mine")
                .withIdleInterval(Duration.ofDays(1)))
        .isEqualTo(
            new GatewayConfig(
                URL, "u", "secret", Duration.ZERO, "mine", "quicksilver", Duration.ofDays(1)));
  }

  @Test
  void neverShowsAPassword() {
    assertThat(CONFIG.toString()).doesNotContain("secret").doesNotContain("in-the-url");
  }

  @Test
  void refusesWhatPostgresqlWouldRefuse() {
    refused(() -> GatewayConfig.of("postgresql://h/d", "", ""), "jdbc:postgresql:");
    for (String slot : new String[] {"Slot", "a-b", "a'b", "s".repeat(64)}) {
      refused(() -> slot(slot, Duration.ZERO, Duration.ZERO), "name of a slot");
    }
    assertThat(slot("s".repeat(63), Duration.ZERO, Duration.ZERO).slotName()).hasSize(63);
  }

  @Test
  void refusesTimesThatGoBackwards() {
    Duration negative = Duration.ofNanos(-1);
    refused(() -> slot("s", negative, Duration.ZERO), "not negative");
    refused(() -> slot("s", Duration.ZERO, negative), "not negative");
  }

  private static GatewayConfig slot(String slot, Duration window, Duration idle) {
    return new GatewayConfig(URL, "", "", window, slot, "quicksilver", idle);
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable what, String why) {
    assertThatThrownBy(what).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(why);
  }
}

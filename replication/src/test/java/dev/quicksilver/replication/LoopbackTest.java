package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

final class LoopbackTest {
  @Test
  void stopsWhatWouldLeaveTheMachineAndNamesTls() {
    assertThatThrownBy(() -> Loopback.require("0.0.0.0", 7000, "the replication address"))
        .isInstanceOf(ReplicationException.class)
        .hasMessageContaining("0.0.0.0:7000")
        .hasMessageContaining("TLS")
        .hasMessageContaining("127.0.0.1");
    assertThatThrownBy(
            () ->
                ReplicationConfig.of(
                    NodeIdentity.create("a", ""), List.of(Upstream.primary("192.0.2.1", 7000))))
        .isInstanceOf(ReplicationException.class)
        .hasMessageContaining("TLS");
  }

  @Test
  void letsLoopbackThrough() {
    assertThat(Loopback.require("localhost", 7000, "x").getPort()).isEqualTo(7000);
    assertThat(Loopback.require("::1", 7000, "x").getAddress().isLoopbackAddress()).isTrue();
  }
}

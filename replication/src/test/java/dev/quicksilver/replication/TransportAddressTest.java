package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TransportAddressTest {
  @Test
  void stopsWhatWouldLeaveTheMachineAndNamesTls() {
    assertThatThrownBy(() -> Transport.PLAIN.address("0.0.0.0", 7000, "the replication address"))
        .isInstanceOf(ReplicationException.class)
        .hasMessageContaining("0.0.0.0:7000")
        .hasMessageContaining("TLS")
        .hasMessageContaining("127.0.0.1");
    assertThatThrownBy(
            () ->
                ReplicationConfig.of(
                        NodeIdentity.create("a", ""), List.of(Upstream.primary("192.0.2.1", 7000)))
                    .checkUpstreams())
        .isInstanceOf(ReplicationException.class)
        .hasMessageContaining("TLS");
  }

  /** A name may lead elsewhere one day: that fails the connection, not the node. */
  @Test
  void aConnectionThatWouldLeaveTheMachineFailsAsAnyOther() {
    assertThatThrownBy(() -> Transport.PLAIN.resolve("192.0.2.1", 7000, "the upstream"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("TLS");
  }

  /** A node that has a copy starts although no name server answers. */
  @Test
  void anUpstreamThatCannotBeResolvedNowIsNoMistake() {
    assertThatCode(
            () ->
                ReplicationConfig.of(
                        NodeIdentity.create("a", ""),
                        List.of(Upstream.primary("upstream.invalid", 7000)))
                    .checkUpstreams())
        .doesNotThrowAnyException();
  }

  @Test
  void letsLoopbackThrough() {
    assertThat(Transport.PLAIN.address("localhost", 7000, "x").getPort()).isEqualTo(7000);
    assertThat(Transport.PLAIN.address("::1", 7000, "x").getAddress().isLoopbackAddress()).isTrue();
  }
}

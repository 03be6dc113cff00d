package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.ActivatedSockets.Announced;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the environment says of sockets, and which of them a setting means. */
final class ActivatedSocketsTest {
  private static final long SELF = 4711;

  private static List<Announced> announced(String process, String count, String names) {
    Map<String, String> environment = new HashMap<>();
    if (!process.isEmpty()) {
      environment.put("LISTEN_PID", process);
    }
    if (!count.isEmpty()) {
      environment.put("LISTEN_FDS", count);
    }
    if (!names.isEmpty()) {
      environment.put("LISTEN_FDNAMES", names);
    }
    return ActivatedSockets.announced(environment, SELF);
  }

  @Test
  void descriptorsBeginAtThreeAndHaveNames() {
    assertThat(announced("4711", "3", "resp:quicksilver-serve.socket:other"))
        .containsExactly(new Announced(3, "resp"), new Announced(4, ""), new Announced(5, "other"));
    assertThat(announced("4711", "2", ""))
        .containsExactly(new Announced(3, ""), new Announced(4, ""));
    assertThat(announced("4711", "2", "unknown:"))
        .containsExactly(new Announced(3, ""), new Announced(4, ""));
    assertThat(announced("4711", "0", "")).isEmpty();
  }

  @Test
  void whatIsForAnotherProcessIsLeftAlone() {
    assertThat(announced("4712", "1", "bridge")).isEmpty();
    assertThat(announced("4712", "nonsense", "")).isEmpty();
    assertThat(announced("", "1", "bridge")).isEmpty();
    assertThat(announced("4711", "", "")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "4711, one, '', LISTEN_FDS=one is no number",
    "4711, -1, '', LISTEN_FDS=-1 is no number",
    "4711, 1000000, '', from 0 to 64",
    "4711, 99999999999, '', from 0 to 64",
    "self, 1, '', LISTEN_PID=self is no process id",
    "4711, 1, bridge:resp, LISTEN_FDNAMES=bridge:resp has 2 names for LISTEN_FDS=1",
    "4711, 2, bridge, LISTEN_FDNAMES=bridge has 1 names for LISTEN_FDS=2",
  })
  void whatTheProtocolDoesNotKnowIsRefused(
      String process, String count, String names, String message) {
    assertThatThrownBy(() -> announced(process, count, names))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("unset LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES")
        .extracting(e -> ((CommandException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 7432, false, 127.0.0.1, 7432, true",
    "127.0.0.1, 7432, false, 127.0.0.1, 0, true",
    "127.0.0.1, 7432, false, 127.0.0.1, 7433, false",
    "127.0.0.1, 7432, false, 127.0.0.2, 7432, false",
    "::ffff:127.0.0.1, 7432, false, 127.0.0.1, 7432, true",
    "::1, 7432, false, ::1, 7432, true",
    "::1, 7432, false, 127.0.0.1, 7432, false",
    // what others reach is nowhere taken for what only this machine reaches, nor the other way
    // round
    "0.0.0.0, 7432, false, 127.0.0.1, 7432, false",
    "::, 7432, false, 127.0.0.1, 7432, false",
    "::, 7432, false, ::1, 7432, false",
    "127.0.0.1, 7432, false, 0.0.0.0, 7432, false",
    // all addresses: of IPv6 are all, unless they are said to be of IPv6 alone
    "0.0.0.0, 7432, false, 0.0.0.0, 7432, true",
    "::, 7432, false, 0.0.0.0, 7432, true",
    "::, 7432, true, 0.0.0.0, 7432, false",
    "::, 7432, true, ::, 7432, true",
    "0.0.0.0, 7432, false, ::, 7432, false",
  })
  void aSocketIsASettingsOnlyIfTheyAgree(
      String at, int port, boolean onlyIpv6, String host, int wanted, boolean agrees) {
    assertThat(
            ActivatedSockets.agrees(
                new InetSocketAddress(at, port), onlyIpv6, new Endpoint(host, wanted)))
        .isEqualTo(agrees);
  }

  @Test
  void aUnixSocketIsNoTcpListeners() {
    assertThat(
            ActivatedSockets.agrees(
                UnixDomainSocketAddress.of("/run/x.sock"), false, new Endpoint("127.0.0.1", 0)))
        .isFalse();
  }
}

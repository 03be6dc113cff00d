package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class SampleConfigurationTest {
  @ParameterizedTest
  @EnumSource(Role.class)
  void theSampleOfEachRoleIsValidAndHasOnlySettingsOfThatRole(Role role) {
    Path sample = Path.of("../ops/config/" + role.command() + ".toml");

    Configuration configuration = Configuration.load(Optional.of(sample), Map.of(), Map.of());

    assertThat(Settings.all())
        .filteredOn(setting -> configuration.place(setting).startsWith(sample.toString()))
        .isNotEmpty()
        .allSatisfy((Setting<?> setting) -> assertThat(setting.roles()).contains(role));
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void theUnitOfEachRoleStartsItsCommandWithItsConfiguration(Role role) throws IOException {
    String unit =
        Files.readString(Path.of("../ops/systemd/quicksilver-" + role.command() + ".service"));

    assertThat(unit)
        .contains("quicksilver " + role.command() + " --config /etc/quicksilver/" + role.command())
        .contains("ProtectSystem=strict")
        .contains("NoNewPrivileges=yes");
  }

  @ParameterizedTest
  @EnumSource(Role.class)
  void theSocketUnitOfEachRoleListensAsItsConfigurationSays(Role role) throws IOException {
    Path sample = Path.of("../ops/config/" + role.command() + ".toml");
    Configuration configuration = Configuration.load(Optional.of(sample), Map.of(), Map.of());
    List<String> wanted =
        switch (role) {
          case ROOT, REPLICA ->
              List.of(
                  "ListenStream=" + configuration.get(Settings.REPLICATION_LISTEN),
                  "FileDescriptorName=replication");
          case BRIDGE ->
              List.of(
                  "ListenStream=" + configuration.get(Settings.BRIDGE_LISTEN),
                  "FileDescriptorName=bridge");
          case SERVE ->
              List.of(
                  "ListenStream=" + configuration.get(Settings.RESP_LISTEN),
                  "ListenStream=" + configuration.find(Settings.RESP_UNIX_SOCKET).orElseThrow(),
                  "FileDescriptorName=resp");
        };
    assertThat(
            Files.readAllLines(Path.of("../ops/systemd/quicksilver-" + role.command() + ".socket")))
        .filteredOn(line -> line.startsWith("ListenStream=") || line.startsWith("FileDesc"))
        .containsExactlyElementsOf(wanted);
  }
}

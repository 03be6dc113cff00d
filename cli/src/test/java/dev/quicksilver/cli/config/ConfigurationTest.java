package dev.quicksilver.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigurationTest {
  @TempDir Path directory;

  @Test
  void defaultsArePinned() {
    Map<String, String> defaults = new TreeMap<>();
    Settings.all().forEach(s -> defaults.put(s.key(), s.defaultText().orElse("none")));

    Map<String, String> expected = new TreeMap<>();
    expected.put("node.name", HostName.get());
    expected.put("node.location", "local");
    expected.put("node.take-over", "false");
    expected.put("data.directory", "quicksilver-data");
    expected.put("data.map-size", "262144");
    expected.put("data.log-max-age", "1d");
    expected.put("data.log-max-size", "4096");
    expected.put("postgres.url", "none");
    expected.put("postgres.user", "postgres");
    expected.put("postgres.password", "none");
    expected.put("postgres.password-file", "none");
    expected.put("postgres.embedded", "false");
    expected.put("postgres.embedded-directory", "quicksilver-postgres");
    expected.put("postgres.embedded-port", "5433");
    expected.put("root.window", "500ms");
    expected.put("root.slot", "none");
    expected.put("root.confirm-after", "10s");
    expected.put("root.take-over-after", "2s");
    expected.put("root.standbys", "0");
    expected.put("replication.listen", "127.0.0.1:7400");
    expected.put("replication.upstreams", "");
    expected.put("replication.secondaries", "");
    expected.put("replication.return-after", "10s");
    expected.put("replication.behind-limit", "30s");
    expected.put("replication.ask-again-after", "30s");
    expected.put("replication.on-divergence", "serve");
    expected.put("replication.window", "500ms");
    expected.put("replication.max-reports", "131072");
    expected.put("replication.followers", "");
    expected.put("replication.tls-certificate", "none");
    expected.put("replication.tls-key", "none");
    expected.put("replication.tls-authorities", "");
    expected.put("bridge.listen", "127.0.0.1:7432");
    expected.put("bridge.users", "none");
    expected.put("bridge.tls-certificate", "none");
    expected.put("bridge.tls-key", "none");
    expected.put("bridge.tls-authorities", "");
    expected.put("bridge.user", "quicksilver");
    expected.put("bridge.password", "none");
    expected.put("bridge.password-file", "none");
    expected.put("bridge.max-connections", "100");
    expected.put("bridge.max-snapshot-age", "5min");
    expected.put("bridge.niceness", "10");
    expected.put("bridge.evaluator.start", "on-demand");
    expected.put("bridge.evaluator.directory", "none");
    expected.put("bridge.evaluator.idle", "10min");
    expected.put("bridge.evaluator.memory", "256");
    expected.put("bridge.evaluator.statements", "8");
    expected.put("bridge.evaluator.temporary-files", "1024");
    expected.put("resp.listen", "127.0.0.1:7379");
    expected.put("resp.unix-socket", "none");
    expected.put("resp.users", "none");
    expected.put("resp.user", "default");
    expected.put("resp.password", "none");
    expected.put("resp.password-file", "none");
    expected.put("resp.tls-certificate", "none");
    expected.put("resp.tls-key", "none");
    expected.put("resp.databases", "");
    expected.put("resp.max-age", "0");
    expected.put("resp.max-connections", "10000");
    expected.put("resp.memory", "128");
    expected.put("resp.threads", "0");
    expected.put("resp.drain-time", "10min");
    expected.put("http.listen", "127.0.0.1:0");
    expected.put("http.advertise", "none");
    expected.put("http.tls-certificate", "none");
    expected.put("http.tls-key", "none");
    expected.put("http.token-file", "none");
    expected.put("http.insecure", "false");
    expected.put("health.max-lag", "30s");
    expected.put("health.live-within", "2min");
    expected.put("log.level", "info");
    expected.put("log.format", "text");
    assertThat(defaults).isEqualTo(expected);
  }

  @Test
  void everyDefaultIsValid() {
    Configuration configuration = Configuration.load(Optional.empty(), Map.of(), Map.of());

    assertThat(Settings.all())
        .allSatisfy(
            setting ->
                assertThat(configuration.find(setting).isPresent())
                    .isEqualTo(setting.defaultText().isPresent()));
  }

  /** A value that is not the default for each setting, as written outside the file. */
  private static Map<Setting<?>, String> others() {
    Map<Setting<?>, String> others = new HashMap<>();
    for (Setting<?> setting : Settings.all()) {
      others.put(
          setting,
          switch (setting.type()) {
            case SettingType.Text text -> "other";
            case SettingType.File file -> "/other";
            case SettingType.Whole whole -> Integer.toString(whole.most());
            case SettingType.Flag flag -> "true";
            case SettingType.Span span -> "7s";
            case SettingType.Address address -> "localhost:1234";
            case SettingType.Node node -> "other@localhost:1234";
            case SettingType.Many<?> many -> "localhost:1,localhost:2";
            case SettingType.OneOf<?> oneOf -> last(oneOf.describe());
          });
    }
    return others;
  }

  /** None of the words has its last one as the default. */
  private static String last(String words) {
    return words.substring(words.lastIndexOf(' ') + 1);
  }

  @Test
  void everySettingIsReadFromTheFile() throws IOException {
    StringBuilder toml = new StringBuilder();
    others()
        .forEach(
            (setting, text) ->
                toml.append(setting.key())
                    .append(" = ")
                    .append(
                        switch (setting.type()) {
                          case SettingType.Whole whole -> text;
                          case SettingType.Flag flag -> text;
                          case SettingType.Many<?> many -> "[\"localhost:1\", \"localhost:2\"]";
                          case SettingType.Text t -> '"' + text + '"';
                          case SettingType.File t -> '"' + text + '"';
                          case SettingType.Span t -> '"' + text + '"';
                          case SettingType.Address t -> '"' + text + '"';
                          case SettingType.Node t -> '"' + text + '"';
                          case SettingType.OneOf<?> t -> '"' + text + '"';
                        })
                    .append('\n'));
    Path file = write(toml.toString());

    Configuration configuration = Configuration.load(Optional.of(file), Map.of(), Map.of());

    assertHasOthers(configuration, file + ":");
  }

  @Test
  void everySettingIsReadFromTheEnvironment() {
    Map<String, String> environment = new HashMap<>();
    others().forEach((setting, text) -> environment.put(setting.variable(), text));

    assertHasOthers(
        Configuration.load(Optional.empty(), environment, Map.of()), "environment variable ");
  }

  @Test
  void everySettingIsReadFromFlags() {
    assertHasOthers(Configuration.load(Optional.empty(), Map.of(), others()), "--");
  }

  private static void assertHasOthers(Configuration configuration, String place) {
    others()
        .forEach(
            (setting, text) -> {
              assertThat(configuration.find(setting).map(Object.class::cast))
                  .as(setting.key())
                  .contains(setting.parse(text, "here"));
              assertThat(configuration.place(setting)).startsWith(place);
            });
  }

  @Test
  void flagsWinOverEnvironmentOverFileOverDefault() throws IOException {
    Path file = write("[node]\nname = \"file\"\n");
    Map<String, String> environment = Map.of("QUICKSILVER_NODE_NAME", "environment");
    Map<Setting<?>, String> flags = Map.of(Settings.NODE_NAME, "flag");

    assertThat(name(Optional.empty(), Map.of(), Map.of())).isEqualTo(HostName.get());
    assertThat(name(Optional.of(file), Map.of(), Map.of())).isEqualTo("file");
    assertThat(name(Optional.of(file), environment, Map.of())).isEqualTo("environment");
    assertThat(name(Optional.of(file), environment, flags)).isEqualTo("flag");
  }

  private static String name(
      Optional<Path> file, Map<String, String> environment, Map<Setting<?>, String> flags) {
    return Configuration.load(file, environment, flags).get(Settings.NODE_NAME);
  }

  @Test
  void readsTimesNumbersAndLists() {
    Configuration configuration =
        Configuration.load(
            Optional.empty(),
            Map.of(),
            Map.of(
                Settings.ROOT_WINDOW, "1min",
                Settings.BRIDGE_MAX_CONNECTIONS, "1_000",
                Settings.REPLICATION_UPSTREAMS, "[::1]:7400, relay-1@localhost:7401"));

    assertThat(configuration.get(Settings.ROOT_WINDOW)).isEqualTo(Duration.ofMinutes(1));
    assertThat(configuration.get(Settings.BRIDGE_MAX_CONNECTIONS)).isEqualTo(1000);
    assertThat(configuration.get(Settings.REPLICATION_UPSTREAMS))
        .isEqualTo(
            List.of(
                new NodeAddress(Optional.empty(), new Endpoint("::1", 7400)),
                new NodeAddress(Optional.of("relay-1"), new Endpoint("localhost", 7401))));
  }

  @Test
  void refusesAnUnknownKeyWithItsLineAndTheNearestKnown() throws IOException {
    Path file = write("[node]\nname = \"a\"\n\n[replication]\nlissen = \"127.0.0.1:1\"\n");

    assertRefused(file)
        .withMessage(
            file + ":5: unknown setting replication.lissen, did you mean replication.listen?");
  }

  @Test
  void refusesAnUnknownSection() throws IOException {
    Path file = write("[nodes]\nname = \"a\"\n");

    assertRefused(file).withMessageStartingWith(file + ":1: unknown setting nodes");
  }

  @Test
  void refusesAnUnknownVariable() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(
            () ->
                Configuration.load(Optional.empty(), Map.of("QUICKSILVER_NOD_NAME", "x"), Map.of()))
        .withMessage(
            "environment variable QUICKSILVER_NOD_NAME: unknown setting, did you mean"
                + " QUICKSILVER_NODE_NAME?");
  }

  @Test
  void aBadValueNamesThePlaceAndTheRange() throws IOException {
    Path file = write("[bridge]\nmax-connections = 0\n");

    assertRefused(file)
        .withMessage(
            file
                + ":2: bridge.max-connections must be a whole number from 1 to 10000, but is"
                + " \"0\"");
  }

  @Test
  void aValueOfTheWrongTypeIsRefused() throws IOException {
    assertRefused(write("[http]\nlisten = [\"127.0.0.1:1\"]\n")).withMessageContaining(":2:");
    assertRefused(write("[root]\nwindow = 500\n")).withMessageContaining("with its unit");
    assertRefused(write("[root]\nwindow = \"61s\"\n")).withMessageContaining("from 0 to 60s");
    assertRefused(write("[replication]\nupstreams = [1]\n")).withMessageContaining("a list");
  }

  @Test
  void aSecretIsNotPrinted() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(
            () ->
                Configuration.load(
                    Optional.empty(), Map.of("QUICKSILVER_BRIDGE_PASSWORD", "s3cret\n"), Map.of()))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));
  }

  @Test
  void brokenTomlIsRefusedWithItsLine() throws IOException {
    Path file = write("[node]\nname = \n");

    assertRefused(file).withMessageStartingWith(file + ":2: not valid TOML");
  }

  @Test
  void aMissingFileIsRefused() {
    Path file = directory.resolve("absent.toml");

    assertRefused(file).withMessageStartingWith(file + ": cannot read the configuration");
  }

  @Test
  void aPasswordComesFromAFile() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), "open sesame\n");
    Map<Setting<?>, String> flags = Map.of(Settings.BRIDGE_PASSWORD_FILE, secret.toString());
    Configuration configuration = Configuration.load(Optional.empty(), Map.of(), flags);

    assertThat(configuration.password(Settings.BRIDGE_PASSWORD, Settings.BRIDGE_PASSWORD_FILE))
        .contains("open sesame");
  }

  @Test
  void aPasswordFileThatIsNotThereIsNotCalledUnreadable() throws IOException {
    Path absent = directory.resolve("absent");
    assertNoPassword(absent).withMessageContaining("there is no file " + absent);
    Path folder = Files.createDirectory(directory.resolve("folder"));
    assertNoPassword(folder)
        .withMessageContaining("cannot read the password from " + folder)
        .withMessageContaining("make it a text file");
    Path empty = Files.createFile(directory.resolve("empty"));
    assertNoPassword(empty).withMessageContaining(empty + " is empty");
  }

  private static ThrowableAssertAlternative<ConfigurationException> assertNoPassword(Path file) {
    Configuration configuration =
        Configuration.load(
            Optional.empty(), Map.of(), Map.of(Settings.RESP_PASSWORD_FILE, file.toString()));
    return assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(
            () -> configuration.password(Settings.RESP_PASSWORD, Settings.RESP_PASSWORD_FILE))
        .withMessageStartingWith("--resp-password-file: ");
  }

  @Test
  void twoPasswordsAreRefused() {
    Configuration configuration =
        Configuration.load(
            Optional.empty(),
            Map.of("QUICKSILVER_BRIDGE_PASSWORD", "a"),
            Map.of(Settings.BRIDGE_PASSWORD_FILE, "/b"));

    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(
            () -> configuration.password(Settings.BRIDGE_PASSWORD, Settings.BRIDGE_PASSWORD_FILE))
        .withMessageContaining("both set");
  }

  private Path write(String toml) throws IOException {
    return Files.writeString(directory.resolve("quicksilver.toml"), toml);
  }

  private static ThrowableAssertAlternative<ConfigurationException> assertRefused(Path file) {
    return assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> Configuration.load(Optional.of(file), Map.of(), Map.of()));
  }
}

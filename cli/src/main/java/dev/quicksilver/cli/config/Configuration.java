package dev.quicksilver.cli.config;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The settings of one process, all valid, each with the place that it comes from. Immutable. */
public final class Configuration {
  /** The {@link #place} of a value that was not given. */
  public static final String DEFAULT = "default";

  private record Value(Object value, String place) {}

  private final Map<Setting<?>, Value> values = new HashMap<>();

  private Configuration() {}

  /**
   * Reads the configuration.
   *
   * @param file the TOML file, if there is one
   * @param environment the process's environment; only variables that begin with QUICKSILVER_ count
   * @param flags values of the command line by setting
   * @throws ConfigurationException if anything is unknown, invalid or unreadable
   */
  public static Configuration load(
      Optional<Path> file, Map<String, String> environment, Map<Setting<?>, String> flags) {
    Map<Setting<?>, Written> written = new HashMap<>();
    for (Setting<?> setting : Settings.all()) {
      setting.defaultText().ifPresent(t -> written.put(setting, new Written(t, DEFAULT)));
    }
    file.ifPresent(path -> written.putAll(ConfigurationFile.read(path)));
    written.putAll(EnvironmentVariables.read(environment));
    flags.forEach((setting, text) -> written.put(setting, new Written(text, setting.flag())));

    Configuration configuration = new Configuration();
    written.forEach(
        (setting, w) ->
            configuration.values.put(
                setting, new Value(setting.parse(w.text(), w.place()), w.place())));
    return configuration;
  }

  /**
   * Returns the value of a setting that has a default.
   *
   * @throws ConfigurationException if it has neither a default nor a value
   */
  public <T> T get(Setting<T> setting) {
    return find(setting)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    setting.key()
                        + " is not set: put it into the configuration file, into "
                        + setting.variable()
                        + " or give "
                        + setting.flag()));
  }

  /** Returns the value, if there is one. */
  @SuppressWarnings("unchecked") // put in by load() as the setting's own type
  public <T> Optional<T> find(Setting<T> setting) {
    return Optional.ofNullable(values.get(setting)).map(found -> (T) found.value());
  }

  /** Returns where the value comes from: "quicksilver.toml:12", a variable, a flag, "default". */
  public String place(Setting<?> setting) {
    Value found = values.get(setting);
    return found == null ? "nowhere" : found.place();
  }

  /**
   * Returns a password, given directly or as the first line of a file.
   *
   * @throws ConfigurationException if both are given, or the file cannot be read
   */
  public Optional<String> password(Setting<String> direct, Setting<Path> inFile) {
    Optional<Path> file = find(inFile);
    if (file.isEmpty()) {
      return find(direct);
    }
    if (find(direct).isPresent()) {
      throw new ConfigurationException(
          place(inFile) + ": " + direct.key() + " and " + inFile.key() + " are both set: keep one");
    }
    return Optional.of(SecretFile.password(file.get(), place(inFile)));
  }

  /** A value as it was written, and where. */
  record Written(String text, String place) {}
}

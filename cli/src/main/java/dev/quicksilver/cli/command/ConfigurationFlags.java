package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The flags of a command that follow from the registry of settings. */
public final class ConfigurationFlags {
  static final String FILE_FLAG = "--config";

  private ConfigurationFlags() {}

  /** Adds {@code --config} and a flag for each setting. */
  public static void add(CommandLine command, List<Setting<?>> settings) {
    CommandSpec spec = command.getCommandSpec();
    spec.addOption(
        OptionSpec.builder("-c", FILE_FLAG)
            .type(Path.class)
            .paramLabel("FILE")
            .description("The configuration file; QUICKSILVER_CONFIG names it otherwise.")
            .build());
    for (Setting<?> setting : settings) {
      spec.addOption(
          OptionSpec.builder(setting.flag())
              .type(String.class)
              .paramLabel("VALUE")
              .description(escape(describe(setting)))
              .build());
    }
  }

  private static String describe(Setting<?> setting) {
    return setting.documentation()
        + setting
            .defaultInWords()
            .or(setting::defaultText)
            .filter(text -> !text.isEmpty())
            .map(text -> " Default: " + text)
            .orElse("");
  }

  private static String escape(String description) {
    return description.replace("%", "%%").replace("@|", "@ |");
  }

  /**
   * Reads the configuration that a parsed command line, the environment and the file make.
   *
   * @throws dev.quicksilver.cli.config.ConfigurationException if anything in it is wrong
   */
  public static Configuration load(CommandSpec spec, Map<String, String> environment) {
    Map<Setting<?>, String> flags = new HashMap<>();
    for (Setting<?> setting : Settings.all()) {
      OptionSpec option = spec.findOption(setting.flag());
      if (option != null && option.getValue() != null) {
        flags.put(setting, option.getValue());
      }
    }
    Path named = spec.findOption(FILE_FLAG).getValue();
    return load(flags, Optional.ofNullable(named), environment);
  }

  /** The same of flags that were understood elsewhere. */
  static Configuration load(
      Map<Setting<?>, String> flags, Optional<Path> named, Map<String, String> environment) {
    Optional<Path> file =
        named.or(() -> Optional.ofNullable(environment.get("QUICKSILVER_CONFIG")).map(Path::of));
    return Configuration.load(file, environment, flags);
  }
}

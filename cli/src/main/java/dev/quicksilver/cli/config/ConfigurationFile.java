package dev.quicksilver.cli.config;

import dev.quicksilver.cli.config.Configuration.Written;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** Settings written in a TOML file. */
final class ConfigurationFile {
  private final Path file;
  private final TomlParseResult toml;
  private final Map<Setting<?>, Written> found = new HashMap<>();

  private ConfigurationFile(Path file, TomlParseResult toml) {
    this.file = file;
    this.toml = toml;
  }

  static Map<Setting<?>, Written> read(Path file) {
    TomlParseResult toml;
    try {
      toml = Toml.parse(Files.readString(file));
    } catch (IOException e) {
      throw new ConfigurationException(
          file + ": cannot read the configuration: is the path right, and readable?");
    }
    if (toml.hasErrors()) {
      TomlParseError error = toml.errors().getFirst();
      throw new ConfigurationException(
          file + ":" + error.position().line() + ": not valid TOML: " + firstLine(error));
    }
    ConfigurationFile reader = new ConfigurationFile(file, toml);
    reader.collect(toml, List.of());
    return reader.found;
  }

  private void collect(TomlTable table, List<String> path) {
    for (String name : table.keySet()) {
      List<String> inner = new ArrayList<>(path);
      inner.add(name);
      Object value = table.get(List.of(name));
      if (value instanceof TomlTable nested && isSection(inner)) {
        collect(nested, inner);
      } else {
        add(inner, value);
      }
    }
  }

  private static boolean isSection(List<String> path) {
    String prefix = String.join(".", path) + ".";
    return Settings.all().stream().anyMatch(setting -> setting.key().startsWith(prefix));
  }

  private void add(List<String> path, @Nullable Object value) {
    String key = String.join(".", path);
    String place = file + ":" + line(path);
    Setting<?> setting =
        Settings.find(key)
            .orElseThrow(
                () ->
                    new ConfigurationException(
                        place + ": unknown setting " + key + Nearest.hint(key, keys())));
    found.put(
        setting,
        new Written(
            text(value, setting)
                .orElseThrow(
                    () ->
                        new ConfigurationException(
                            place + ": " + key + " must be " + setting.type().describe())),
            place));
  }

  private int line(List<String> path) {
    TomlPosition position = toml.inputPositionOf(path);
    return position == null ? 1 : position.line();
  }

  private static Optional<String> text(@Nullable Object value, Setting<?> setting) {
    return switch (value) {
      case String text -> Optional.of(text);
      case Long number -> Optional.of(number.toString());
      case Boolean flag -> Optional.of(flag.toString());
      case TomlArray array when setting.type() instanceof SettingType.Many<?> ->
          array.toList().stream().allMatch(String.class::isInstance)
              ? Optional.of(
                  String.join(",", array.toList().stream().map(String.class::cast).toList()))
              : Optional.empty();
      case null, default -> Optional.empty();
    };
  }

  private static List<String> keys() {
    return Settings.all().stream().<String>map(Setting::key).toList();
  }

  private static String firstLine(TomlParseError error) {
    String message = String.valueOf(error.getMessage());
    return message.lines().findFirst().orElse("syntax error");
  }
}

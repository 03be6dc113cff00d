package dev.quicksilver.cli.config;

import dev.quicksilver.cli.config.Configuration.Written;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Settings given in the environment. */
final class EnvironmentVariables {
  private static final String PREFIX = "QUICKSILVER_";

  /** The launcher's own variables, and the one that names the file. */
  private static final Set<String> OTHERS =
      Set.of(
          "QUICKSILVER_CONFIG",
          "QUICKSILVER_JAVA_HOME",
          "QUICKSILVER_JAVA_OPTS",
          "QUICKSILVER_MAVEN_OPTS",
          "QUICKSILVER_SKIP_BUILD");

  private EnvironmentVariables() {}

  static Map<Setting<?>, Written> read(Map<String, String> environment) {
    Map<String, Setting<?>> known = new HashMap<>();
    Settings.all().forEach(setting -> known.put(setting.variable(), setting));
    Map<Setting<?>, Written> found = new HashMap<>();
    new TreeMap<>(environment)
        .forEach(
            (name, text) -> {
              Setting<?> setting = known.get(name);
              if (setting != null) {
                found.put(setting, new Written(text, "environment variable " + name));
              } else if (name.startsWith(PREFIX) && !OTHERS.contains(name)) {
                List<String> names = known.keySet().stream().sorted().toList();
                throw new ConfigurationException(
                    "environment variable "
                        + name
                        + ": unknown setting"
                        + Nearest.hint(name, names));
              }
            });
    return found;
  }
}

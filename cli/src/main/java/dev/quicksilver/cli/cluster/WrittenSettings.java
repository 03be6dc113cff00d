package dev.quicksilver.cli.cluster;

import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings as a command gets them.
 *
 * @param flags what may show in a list of processes, in alphabetical order
 * @param variables passwords, and a URL that may hold one
 */
record WrittenSettings(List<String> flags, Map<String, String> variables) {
  static WrittenSettings of(Map<Setting<?>, String> settings) {
    List<String> flags = new ArrayList<>();
    Map<String, String> variables = new HashMap<>();
    settings.forEach(
        (setting, value) -> {
          if (setting.type().isSecret() || setting == Settings.POSTGRES_URL) {
            variables.put(setting.variable(), value);
          } else {
            flags.add(setting.flag() + "=" + value);
          }
        });
    flags.sort(null);
    return new WrittenSettings(flags, variables);
  }
}

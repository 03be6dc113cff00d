package dev.quicksilver.bridge;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The start-up parameter {@code options}: {@code -c name=value} and {@code --name=value}. */
final class StartupOptions {
  private static final Pattern OPTION =
      Pattern.compile("(?:-c\\s*|--)([A-Za-z_.-]+)=((?:[^\\s\\\\]|\\\\.)*)");

  private StartupOptions() {}

  static Map<String, String> parse(String options) {
    Map<String, String> result = new LinkedHashMap<>();
    Matcher matcher = OPTION.matcher(options);
    while (matcher.find()) {
      result.put(matcher.group(1).replace('-', '_'), matcher.group(2).replaceAll("\\\\(.)", "$1"));
    }
    return result;
  }
}

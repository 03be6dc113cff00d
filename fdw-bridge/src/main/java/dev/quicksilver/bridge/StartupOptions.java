package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The start-up parameter {@code options}: {@code -c name=value} and {@code --name=value}. */
final class StartupOptions {
  private static final Pattern OPTION =
      Pattern.compile("\\s*(?:-c\\s*|--)([A-Za-z0-9_.-]+)=((?:[^\\s\\\\]|\\\\.)*)(?=\\s|$)");

  private StartupOptions() {}

  /**
   * Reads it.
   *
   * @throws PgException 42601 if there is something else in it
   */
  static Map<String, String> parse(String options) {
    Map<String, String> result = new LinkedHashMap<>();
    Matcher matcher = OPTION.matcher(options);
    int end = 0;
    while (matcher.find(end) && matcher.start() == end) {
      result.put(matcher.group(1).replace('-', '_'), matcher.group(2).replaceAll("\\\\(.)", "$1"));
      end = matcher.end();
    }
    if (!options.substring(end).isBlank()) {
      throw PgException.of(
              SqlState.SYNTAX_ERROR,
              "invalid command-line argument for server process: " + options.substring(end).strip())
          .hint("The options of a connection are of the form -c name=value.");
    }
    return result;
  }
}

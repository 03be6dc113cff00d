package dev.quicksilver.cli.doctor;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What Linux says of a process's limits in {@code /proc/PID/limits}: a line each, with the name,
 * the soft and the hard limit and the unit, in columns (proc_pid_limits(5)). Immutable.
 */
final class ProcessLimits {
  private static final Pattern LINE =
      Pattern.compile(
          "^(Max [a-z ]+?) {2,}(unlimited|\\d+) +(unlimited|\\d+)\\b.*", Pattern.MULTILINE);

  private record Limit(long soft, long hard) {}

  private final Map<String, Limit> limits = new HashMap<>();

  private ProcessLimits() {}

  /** Reads the text of the file; lines of another form are passed over. */
  static ProcessLimits parse(String text) {
    ProcessLimits parsed = new ProcessLimits();
    Matcher line = LINE.matcher(text);
    while (line.find()) {
      parsed.limits.put(line.group(1), new Limit(number(line.group(2)), number(line.group(3))));
    }
    return parsed;
  }

  private static long number(String text) {
    return text.equals("unlimited") || text.length() > 18 ? Long.MAX_VALUE : Long.parseLong(text);
  }

  /** Returns the limit that holds; {@link Long#MAX_VALUE} if there is none. */
  long soft(String name) {
    Limit found = limits.get(name);
    return found == null ? Long.MAX_VALUE : found.soft();
  }

  /** Returns to what a process may raise it; {@link Long#MAX_VALUE} if there is no limit. */
  long hard(String name) {
    Limit found = limits.get(name);
    return found == null ? Long.MAX_VALUE : found.hard();
  }
}

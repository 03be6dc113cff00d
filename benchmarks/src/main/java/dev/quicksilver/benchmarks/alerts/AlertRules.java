package dev.quicksilver.benchmarks.alerts;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The alert rules that ship.
 *
 * @param text of the file
 */
public record AlertRules(String text) {
  private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: (\\w+)$");

  /** What would take too long to reach, and what takes its place. */
  private static final Map<String, String> SHORTER =
      Map.of(
          "quicksilver_replication_lag_seconds > 60", "quicksilver_replication_lag_seconds > 4",
          "quicksilver_oldest_reader_seconds > 1800", "quicksilver_oldest_reader_seconds > 4",
          "4 * 1024 * 1024 * 1024", "32 * 1024 * 1024",
          "oldest_seconds > 10", "oldest_seconds > 3");

  /** Returns the names of all alerts. */
  public Set<String> alerts() {
    return ALERT
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * Returns the same rules with times and thresholds that a bar can wait for, and prints them.
   *
   * @throws IOException if the rules have other thresholds by now
   */
  public String shorter() throws IOException {
    String result = text.replaceAll("(?m)^( +for: )\\S+$", "$12s");
    result = result.replaceAll("\\[\\d+m]", "[15s]");
    System.out.println("in the copy of the rules each for: is 2s, each window 15s, and");
    for (Map.Entry<String, String> each : new TreeMap<>(SHORTER).entrySet()) {
      if (!result.contains(each.getKey())) {
        throw new IOException("the alert rules have no " + each.getKey() + " any more");
      }
      result = result.replace(each.getKey(), each.getValue());
      System.out.println("  " + each.getKey() + " is " + each.getValue());
    }
    return result;
  }
}

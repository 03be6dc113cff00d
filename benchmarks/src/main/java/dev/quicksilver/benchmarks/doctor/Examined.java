package dev.quicksilver.benchmarks.doctor;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;

/**
 * What {@code doctor} says of a set-up.
 *
 * @param exitCode of the command
 * @param report what it printed
 */
record Examined(int exitCode, Examined.Report report) {
  /** The document of {@code --json}. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Report(boolean running, long errors, List<Line> findings) {}

  /** Returns what is not as it should be. */
  List<Line> bad() {
    return report.findings().stream().filter(Line::isBad).toList();
  }

  /** Whether the exit code is that of these findings. */
  boolean endsAsItSays() {
    boolean errors = report.findings().stream().anyMatch(line -> line.level().equals("error"));
    return exitCode == (errors ? 1 : 0) && (report.errors() > 0) == errors;
  }
}

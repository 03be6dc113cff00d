package dev.quicksilver.cli.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * All findings, to read or for a machine.
 *
 * @param role the command of the node that was examined
 * @param running whether such a node runs with this data directory
 */
record Report(
    String version,
    String role,
    boolean running,
    long errors,
    long warnings,
    List<Report.Line> findings) {
  /** A finding in JSON. */
  record Line(String level, String check, String what, String cure) {}

  static Report of(String version, Context context, List<Finding> findings) {
    return new Report(
        version,
        context.role().command(),
        context.running().isPresent(),
        findings.stream().filter(f -> f.level() == Level.ERROR).count(),
        findings.stream().filter(f -> f.level() == Level.WARNING).count(),
        findings.stream()
            .map(f -> new Line(f.level().label(), f.check(), f.what(), f.cure()))
            .toList());
  }

  /** A node can do its work if there is no error. */
  int exitCode() {
    return errors == 0 ? ExitCode.OK : ExitCode.FAILURE;
  }

  String json() throws JsonProcessingException {
    return Json.MAPPER.writeValueAsString(this);
  }

  void print(PrintWriter out) {
    for (Line line : findings) {
      out.printf(
          Locale.ROOT,
          "%-7s  %-14s  %s%s%n",
          line.level(),
          line.check(),
          line.what(),
          line.cure().isEmpty() ? "" : ". Cure: " + line.cure());
    }
    out.printf(
        Locale.ROOT,
        "%s, which %s: %d errors, %d warnings%n",
        role,
        running ? "runs" : "does not run",
        errors,
        warnings);
  }
}

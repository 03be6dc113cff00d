package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Does the steps of printed cures. Stateless. */
final class Cures {
  private static final Pattern STATEMENT =
      Pattern.compile("(ALTER|CREATE|GRANT|SELECT|DROP|COMMIT) [^…]*");

  private Cures() {}

  /**
   * Runs the statements of a cure as they are printed, and starts PostgreSQL again where it says
   * so, up to the first step that is something else.
   *
   * @return the steps from there on
   * @throws IllegalStateException if it does not begin with a statement
   */
  static List<String> run(EmbeddedPostgres server, String database, String cure)
      throws SQLException {
    List<String> left = new ArrayList<>(List.of(cure.split("; ")));
    if (!isStatement(left.getFirst())) {
      throw new IllegalStateException("no statement stands first: " + cure);
    }
    while (!left.isEmpty()) {
      String step = left.getFirst();
      if (isStatement(step)) {
        execute(server, database, step);
      } else if (step.equals("restart PostgreSQL")) {
        server.restart();
      } else {
        break;
      }
      left.removeFirst();
    }
    return left;
  }

  private static boolean isStatement(String step) {
    return STATEMENT.matcher(step).matches();
  }

  /** The same; what is left has to be another way, which begins with "or". */
  static void runAll(EmbeddedPostgres server, String database, String cure) throws SQLException {
    List<String> left = run(server, database, cure);
    if (!left.isEmpty() && !left.getFirst().startsWith("or ")) {
      throw new IllegalStateException("the cure has more steps: " + left);
    }
  }

  static void execute(EmbeddedPostgres server, String database, String... statements)
      throws SQLException {
    try (Connection connection = server.connect(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Returns what a pattern with one group finds in a cure; without it there is no such cure. */
  static String find(String pattern, String cure) {
    return look(pattern, cure)
        .orElseThrow(
            () -> new IllegalStateException("the cure does not say " + pattern + ": " + cure));
  }

  static Optional<String> look(String pattern, String cure) {
    Matcher matcher = Pattern.compile(pattern).matcher(cure);
    return matcher.find()
        ? Optional.of(matcher.groupCount() == 0 ? matcher.group() : matcher.group(1))
        : Optional.empty();
  }

  /** Runs a line that is printed in the shell; returns what it printed. */
  static String shell(String line) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("bash", "-c", line).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException("\"" + line + "\" failed: " + out);
    }
    return out;
  }
}

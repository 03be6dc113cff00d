package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs {@code ./quicksilver} as a user does. */
final class Launcher {
  private Launcher() {}

  /** The checkout. */
  static Path home() {
    return Path.of(System.getenv().getOrDefault("QUICKSILVER_HOME", "."));
  }

  /**
   * Starts the script without this process's settings of Quicksilver, with the same Java.
   *
   * @param log what it prints is appended there
   */
  static Process start(Path log, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home().resolve("quicksilver").toString());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder
        .environment()
        .keySet()
        .removeIf(
            name -> name.startsWith("QUICKSILVER_") && !name.equals("QUICKSILVER_MAVEN_OPTS"));
    builder.environment().put("QUICKSILVER_JAVA_HOME", System.getProperty("java.home"));
    return builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }
}

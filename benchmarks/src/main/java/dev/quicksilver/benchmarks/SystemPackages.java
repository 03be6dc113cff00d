package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs of the operating system that a bar needs, and how they get there. */
final class SystemPackages {
  /** Something that needs them. */
  @FunctionalInterface
  interface Attempt {
    /** Throws if a program is missing or failed. */
    Object run() throws IOException, InterruptedException;
  }

  private SystemPackages() {}

  /**
   * Tries something; if it fails, installs Debian packages, when this user may, and tries again.
   *
   * @throws IOException with what to install, if that is not possible or did not help
   */
  static void attempt(Attempt attempt, String... packages)
      throws IOException, InterruptedException {
    IOException first;
    try {
      attempt.run();
      return;
    } catch (IOException e) {
      first = e;
    }
    String install = "apt-get install -y " + String.join(" ", packages);
    if (!"root".equals(System.getProperty("user.name"))
        || !Path.of("/usr/bin/apt-get").toFile().canExecute()) {
      throw new IOException(
          "a program is missing; run as root: " + install + " (" + first + ")", first);
    }
    System.out.println("a program is missing (" + first + "): " + install);
    List<String> command = new ArrayList<>(List.of("apt-get", "install", "-y"));
    command.addAll(List.of(packages));
    try {
      run(command);
    } catch (IOException listsMayBeOldOrMissing) {
      run(List.of("apt-get", "update"));
      run(command);
    }
    attempt.run();
  }

  /** Runs a program to its end; returns what it printed. */
  static String run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command.getFirst() + " failed: " + output);
    }
    return output;
  }
}

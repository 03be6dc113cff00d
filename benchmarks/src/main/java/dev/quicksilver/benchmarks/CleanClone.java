package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A clone of this repository's last commit in a temporary folder, as a newcomer has it. */
final class CleanClone implements AutoCloseable {
  /** How a command ended, and all that it printed. */
  record Ended(int exitCode, List<String> lines, Duration took) {
    /** Returns the last lines, at most so many. */
    List<String> last(int most) {
      return lines.subList(Math.max(0, lines.size() - most), lines.size());
    }
  }

  private final Path folder;
  private final String user;

  private CleanClone(Path folder, String user) {
    this.folder = folder;
    this.user = user;
  }

  /** Clones for this user. */
  static CleanClone make() throws IOException, InterruptedException {
    return make("");
  }

  /**
   * Clones for another user, if one is named, who is lent what this user's Maven has already
   * downloaded.
   */
  static CleanClone make(String user) throws IOException, InterruptedException {
    CleanClone clone = new CleanClone(Files.createTempDirectory("quicksilver-clone-"), user);
    try {
      Path home = Launcher.home();
      SystemPackages.run(
          List.of("git", "clone", "--quiet", home.toString(), clone.path().toString()));
      if (!user.isEmpty()) {
        Path repository = Path.of(System.getProperty("user.home"), ".m2", "repository");
        Path lent = Files.createDirectories(clone.folder.resolve(".m2"));
        if (Files.isDirectory(repository)) {
          SystemPackages.run(List.of("cp", "-r", repository.toString(), lent.toString()));
        }
        SystemPackages.run(List.of("chown", "-R", user, clone.folder.toString()));
      }
      return clone;
    } catch (IOException | InterruptedException e) {
      clone.close();
      throw e;
    }
  }

  /** Returns the clone's own folder. */
  Path path() {
    return folder.resolve("clone");
  }

  /** Runs a command in the clone as its user, without this process's settings of Quicksilver. */
  Ended run(List<String> command) throws IOException, InterruptedException {
    Path output = folder.resolve("output.log");
    List<String> full = new ArrayList<>();
    Map<String, String> environment = Map.of();
    if (!user.isEmpty()) {
      full.addAll(List.of("setpriv", "--reuid=" + user, "--regid=nogroup", "--clear-groups"));
      environment =
          Map.of("HOME", folder.toString(), "USER", user, "MAVEN_OPTS", "-Duser.home=" + folder);
    }
    full.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(full).directory(path().toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("QUICKSILVER_"));
    builder.environment().put("QUICKSILVER_JAVA_HOME", System.getProperty("java.home"));
    builder.environment().putAll(environment);
    long start = System.nanoTime();
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    process.getOutputStream().close();
    int exitCode = process.waitFor();
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    // Whatever a program prints is shown, also bytes that are no UTF-8.
    return new Ended(
        exitCode,
        new String(Files.readAllBytes(output), StandardCharsets.UTF_8).lines().toList(),
        took);
  }

  @Override
  public void close() throws IOException {
    Folders.remove(folder);
  }
}

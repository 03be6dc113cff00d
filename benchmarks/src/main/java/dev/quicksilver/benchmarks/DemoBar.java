package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * {@code main.demo}: a clean clone of this repository's last commit runs {@code ./quicksilver demo
 * --once}, and in the full run {@code mvn verify}, as this user and, when this user is root, also
 * as an ordinary one.
 */
final class DemoBar implements Bar {
  private static final String ORDINARY_USER = "nobody";

  @Override
  public String name() {
    return "main.demo";
  }

  @Override
  public String description() {
    return "a clean clone runs ./quicksilver demo --once and mvn verify, as root and as an ordinary"
        + " user";
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    boolean root = "root".equals(System.getProperty("user.name"));
    List<String> failed = new ArrayList<>();
    int tried = 0;
    for (String user : root ? List.of("", ORDINARY_USER) : List.of("")) {
      Path folder = Files.createTempDirectory("quicksilver-clone-");
      try {
        clone(folder, user);
        List<List<String>> commands = new ArrayList<>();
        commands.add(List.of("./quicksilver", "demo", "--once"));
        if (!settings.quick()) {
          commands.add(List.of("mvn", "--batch-mode", "verify"));
        }
        for (List<String> command : commands) {
          tried++;
          String as = (user.isEmpty() ? System.getProperty("user.name") : user);
          System.out.println("as " + as + ": " + String.join(" ", command));
          String output = execute(folder.resolve("clone"), folder, user, command);
          if (output.isEmpty()) {
            failed.add(as + ": " + String.join(" ", command));
          } else {
            output.lines().map(line -> "  | " + line).forEach(System.out::println);
          }
        }
      } finally {
        Tree.delete(folder);
      }
    }
    return new Outcome(
        (tried - failed.size())
            + " of "
            + tried
            + " passed"
            + (failed.isEmpty() ? "" : ", not " + failed),
        "= all, exit code 0",
        failed.isEmpty());
  }

  private static void clone(Path folder, String user) throws Exception {
    Path home = Path.of(System.getenv().getOrDefault("QUICKSILVER_HOME", "."));
    run(
        folder,
        List.of("git", "clone", "--quiet", home.toString(), "clone"),
        Map.of(),
        folder.resolve("clone.log"));
    if (!user.isEmpty()) {
      // What this user's Maven has already downloaded is lent, so that the registry is not asked
      // twice.
      Path repository = Path.of(System.getProperty("user.home"), ".m2", "repository");
      Files.createDirectories(folder.resolve(".m2"));
      if (Files.isDirectory(repository)) {
        run(
            folder,
            List.of("cp", "-r", repository.toString(), ".m2/"),
            Map.of(),
            folder.resolve("copy.log"));
      }
      run(folder, List.of("chown", "-R", user, "."), Map.of(), folder.resolve("chown.log"));
    }
  }

  /**
   * Runs a command; returns the end of what it printed, or nothing if it failed (and prints that
   * end).
   */
  private static String execute(Path clone, Path folder, String user, List<String> command)
      throws Exception {
    Path output = folder.resolve("output.log");
    List<String> full = new ArrayList<>();
    Map<String, String> environment = Map.of();
    if (!user.isEmpty()) {
      full.addAll(List.of("setpriv", "--reuid=" + user, "--regid=nogroup", "--clear-groups"));
      environment =
          Map.of("HOME", folder.toString(), "USER", user, "MAVEN_OPTS", "-Duser.home=" + folder);
    }
    full.addAll(command);
    long start = System.nanoTime();
    int exit = run(clone, full, environment, output);
    List<String> lines = Files.readAllLines(output);
    List<String> tail = lines.subList(Math.max(0, lines.size() - 60), lines.size());
    System.out.printf(
        "  exit code %d after %d s%n",
        exit, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    if (exit == 0 && (!command.contains("demo") || provesEquality(lines))) {
      return command.contains("demo") ? String.join("\n", tail) : tail.getLast();
    }
    tail.forEach(line -> System.out.println("  | " + line));
    return "";
  }

  /** The demo shows two databases on each of two edges, both differences of each empty. */
  private static boolean provesEquality(List<String> lines) {
    return lines.stream()
            .filter(line -> line.matches("\\s+edge_\\w+ .* empty\\s+empty\\s*"))
            .count()
        == 4;
  }

  private static int run(
      Path folder, List<String> command, Map<String, String> environment, Path output)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("QUICKSILVER_"));
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    process.getOutputStream().close();
    return process.waitFor();
  }
}

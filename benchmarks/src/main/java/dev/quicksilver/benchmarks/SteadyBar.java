package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code build.steady}: a clean clone of this repository's last commit passes {@code mvn verify} on
 * a quiet machine, in a bounded time, and again and again while every core is taken by something
 * else; and so does the test that failed most often of all.
 */
final class SteadyBar implements Bar {
  private static final Duration LIMIT = Duration.ofMinutes(8);
  private static final String MODULE = "replication";
  private static final String TEST = "dev.quicksilver.replication.TreeTest";

  @Override
  public String name() {
    return "build.steady";
  }

  @Override
  public String description() {
    return "mvn verify of a clean clone, quiet in under 8 minutes, 3 times beside a busy loop a"
        + " core; TreeTest 50 times";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int builds = settings.size(3, 1);
    int repeats = settings.size(50, 10);
    List<String> failures = new ArrayList<>();
    try (CleanClone clone = CleanClone.make()) {
      Duration quiet = verify(clone, "quiet", failures);
      try (BusyCores busy = BusyCores.start()) {
        for (int i = 1; i <= builds; i++) {
          verify(clone, "busy, " + i + " of " + builds, failures);
        }
        Tests tests = Tests.prepare(clone);
        for (int i = 1; i <= repeats; i++) {
          tests.run("TreeTest, busy, " + i + " of " + repeats, failures);
        }
        if (!busy.areAlive()) {
          throw new IOException("a busy loop has ended: the machine was not as busy as said");
        }
      }
      return new Outcome(
          failures.size()
              + " of "
              + (1 + builds + repeats)
              + " runs failed"
              + (failures.isEmpty() ? "" : " " + failures)
              + ", mvn verify took "
              + minutes(quiet)
              + " on the machine as it was",
          "= no failure, and < " + minutes(LIMIT),
          failures.isEmpty() && quiet.compareTo(LIMIT) < 0);
    }
  }

  private static Duration verify(CleanClone clone, String what, List<String> failures)
      throws Exception {
    CleanClone.Ended ended = clone.run(List.of("mvn", "--batch-mode", "clean", "verify"));
    System.out.printf(
        "mvn verify, %s: exit code %d after %s%n", what, ended.exitCode(), minutes(ended.took()));
    if (ended.exitCode() != 0) {
      failures.add("mvn verify, " + what);
      ended.lines().stream()
          .filter(line -> line.startsWith("[ERROR]"))
          .limit(60)
          .forEach(line -> System.out.println("  | " + line));
    }
    return ended.took();
  }

  private static String minutes(Duration time) {
    return "%d:%02d min".formatted(time.toMinutes(), time.toSecondsPart());
  }

  /** The class path of a module's tests, and JUnit's own command to run one of them. */
  private record Tests(CleanClone where, List<String> command) {
    private static final String JUNIT =
        "org.junit.platform:junit-platform-console-standalone:1.13.4";

    static Tests prepare(CleanClone clone) throws Exception {
      Path module = clone.path().resolve(MODULE);
      Path classPath = module.resolve("target/test.classpath");
      require(
          clone.run(
              List.of(
                  "mvn",
                  "--batch-mode",
                  "--projects=" + MODULE,
                  "--also-make",
                  "test-compile",
                  "dependency:build-classpath",
                  "-Dmdep.outputFile=target/test.classpath",
                  "-Dmdep.includeScope=test")));
      require(
          clone.run(
              List.of(
                  "mvn",
                  "--batch-mode",
                  "--non-recursive",
                  "dependency:copy",
                  "-Dartifact=" + JUNIT,
                  "-Dmdep.stripVersion=true",
                  "-DoutputDirectory=" + module.resolve("target/junit"))));
      List<String> command =
          new ArrayList<>(
              List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
      command.addAll(
          List.of(
              "--add-opens=java.base/java.nio=ALL-UNNAMED",
              "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow",
              "-Xmx512m",
              "-XX:+UseSerialGC",
              "-jar",
              module.resolve("target/junit/junit-platform-console-standalone.jar").toString(),
              "execute",
              "--disable-banner",
              "--details=tree",
              "--select-class=" + TEST,
              "--class-path="
                  + module.resolve("target/test-classes")
                  + ":"
                  + module.resolve("target/classes")
                  + ":"
                  + Files.readString(classPath).strip()));
      return new Tests(clone, List.copyOf(command));
    }

    private static void require(CleanClone.Ended ended) throws IOException {
      if (ended.exitCode() != 0) {
        throw new IOException("Maven failed: " + String.join("\n", ended.last(40)));
      }
    }

    void run(String what, List<String> failures) throws Exception {
      CleanClone.Ended ended = where.run(command);
      System.out.printf(
          "%s: exit code %d after %d s%n", what, ended.exitCode(), ended.took().toSeconds());
      if (ended.exitCode() != 0) {
        failures.add(what);
        ended.last(60).forEach(line -> System.out.println("  | " + line));
      }
    }
  }
}

package dev.quicksilver.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * {@code main.demo}: a clean clone of this repository's last commit runs {@code ./quicksilver demo
 * --once} twice, of which only the first builds, and in the full run {@code mvn verify}, as this
 * user and, when this user is root, also as an ordinary one.
 */
final class DemoBar implements Bar {
  private static final String ORDINARY_USER = "nobody";
  private static final List<String> DEMO = List.of("./quicksilver", "demo", "--once");

  private final List<String> failed = new ArrayList<>();
  private int tried;

  @Override
  public String name() {
    return "main.demo";
  }

  @Override
  public String description() {
    return "a clean clone runs ./quicksilver demo --once twice (one build) and mvn verify, as root"
        + " and as an ordinary user";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    boolean root = "root".equals(System.getProperty("user.name"));
    for (String user : root ? List.of("", ORDINARY_USER) : List.of("")) {
      String as = user.isEmpty() ? System.getProperty("user.name") : user;
      try (CleanClone clone = CleanClone.make(user)) {
        demo(clone, as + ": first demo", true);
        demo(clone, as + ": second demo", false);
        if (!settings.quick()) {
          CleanClone.Ended verify = clone.run(List.of("mvn", "--batch-mode", "verify"));
          judge(as + ": mvn verify", verify, verify.exitCode() == 0);
        }
      }
    }
    return new Outcome(
        (tried - failed.size())
            + " of "
            + tried
            + " passed"
            + (failed.isEmpty() ? "" : ", not " + failed),
        "= all",
        failed.isEmpty());
  }

  private void demo(CleanClone clone, String what, boolean builds) throws Exception {
    CleanClone.Ended demo = clone.run(DEMO);
    boolean built = demo.lines().stream().anyMatch(line -> line.contains("building"));
    judge(
        what + (built ? " (built)" : " (did not build)"),
        demo,
        demo.exitCode() == 0 && provesEquality(demo.lines()) && built == builds);
  }

  private void judge(String what, CleanClone.Ended ended, boolean good) {
    tried++;
    System.out.printf(
        "%s: exit code %d after %d s%n", what, ended.exitCode(), ended.took().toSeconds());
    if (!good) {
      failed.add(what);
      ended.last(60).forEach(line -> System.out.println("  | " + line));
    }
  }

  /** The demo shows two databases on each of two edges, both differences of each empty. */
  private static boolean provesEquality(List<String> lines) {
    return lines.stream()
            .filter(line -> line.matches("\\s+edge_\\w+ .* empty\\s+empty\\s*"))
            .count()
        == 4;
  }
}

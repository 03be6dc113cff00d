package dev.quicksilver.benchmarks.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Runs set-ups, and counts those that doctor judged right. */
public final class SetUpRun {
  private final Doctor doctor;
  private final List<String> wrong = new ArrayList<>();
  private int good;

  /** Makes one that has run nothing. */
  public SetUpRun(Doctor doctor) {
    this.doctor = doctor;
  }

  /** Returns how many set-ups were found, named and cured. */
  public int good() {
    return good;
  }

  /** Returns what was not as it should be. */
  public List<String> wrong() {
    return List.copyOf(wrong);
  }

  /** Looks whether doctor finds nothing where there is nothing. */
  public void requireSound(List<Call> calls) throws Exception {
    for (Call call : calls) {
      Examined examined = doctor.examine(call);
      List<Line> bad = notOfTheMachine(examined);
      System.out.printf(
          Locale.ROOT,
          "sound %s, %s: %d things looked at, %d findings%n",
          call.role(),
          examined.report().running() ? "runs" : "not started yet",
          examined.report().findings().size(),
          bad.size());
      examined.bad().forEach(line -> System.out.println("  " + line));
      if (!bad.isEmpty() || !examined.endsAsItSays()) {
        wrong.add("a sound " + call.role());
      }
    }
  }

  /** Breaks something, has it found, does what the cure says, and looks that it is gone. */
  public void run(SetUp setUp) throws Exception {
    long began = System.nanoTime();
    System.out.println(setUp.what());
    try {
      judge(setUp);
    } catch (Exception | AssertionError e) {
      System.out.println("  WRONG " + e);
      e.printStackTrace(System.out);
      wrong.add(setUp.what());
    } finally {
      setUp.end();
    }
    System.out.printf(Locale.ROOT, "  %.1f s%n", (System.nanoTime() - began) / 1e9);
  }

  private void judge(SetUp setUp) throws Exception {
    Call call = setUp.plant();
    Examined broken = doctor.examine(call);
    List<Line> found = notOfTheMachine(broken);
    found.forEach(line -> System.out.println("  " + line));
    List<String> problems = new ArrayList<>(problems(setUp, broken, found));
    if (problems.isEmpty()) {
      for (Line line : found) {
        call = setUp.cure(line.cure(), call);
      }
      for (Line line : notOfTheMachine(doctor.examine(call))) {
        problems.add("after the cure: " + line);
      }
    }
    problems.forEach(problem -> System.out.println("  WRONG " + problem));
    if (problems.isEmpty()) {
      good++;
    } else {
      wrong.add(setUp.what());
    }
  }

  private static List<String> problems(SetUp setUp, Examined broken, List<Line> found) {
    List<String> problems = new ArrayList<>();
    for (Expected expected : setUp.expected()) {
      if (found.stream().noneMatch(expected::isMetBy)) {
        problems.add("not found: " + expected);
      }
    }
    for (Line line : found) {
      if (setUp.expected().stream().noneMatch(expected -> expected.isMetBy(line))) {
        problems.add("found without a cause: " + line);
      }
    }
    if (!broken.endsAsItSays()) {
      problems.add("exit code " + broken.exitCode());
    }
    return problems;
  }

  private static List<Line> notOfTheMachine(Examined examined) {
    return examined.bad().stream().filter(line -> !Sound.isOfTheMachine(line)).toList();
  }
}

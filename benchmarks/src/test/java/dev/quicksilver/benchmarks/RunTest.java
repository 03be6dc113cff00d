package dev.quicksilver.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RunTest {
  private final List<Bar.Settings> ran = new ArrayList<>();

  /** A bar that has an outcome without measuring. */
  private Bar bar(String name, Bar.Kind kind, boolean pass, boolean complete) {
    return new Bar() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public String description() {
        return "a bar";
      }

      @Override
      public Kind kind() {
        return kind;
      }

      @Override
      public Outcome run(Settings settings) {
        ran.add(settings);
        if (!complete) {
          throw new IllegalStateException("the peer is missing");
        }
        return new Outcome("1 ms", "< 2 ms", pass);
      }
    };
  }

  private record Ended(int exitCode, String printed) {}

  private static Ended run(List<Bar> bars, String... arguments) {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true);
    int exitCode = Run.run(bars, out, out, arguments);
    return new Ended(exitCode, printed.toString());
  }

  @Test
  void aBarThatIsNotMetFails() {
    Bar met = bar("a.met", Bar.Kind.SPEED, true, true);
    Bar missed = bar("a.missed", Bar.Kind.SPEED, false, true);
    List<Bar> both = List.of(met, missed);
    assertThat(run(both, "a.met").exitCode()).isZero();
    Ended ended = run(both, "a.missed", "--quick", "--seed", "7");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.printed()).endsWith("a.missed: 1 ms (bar: < 2 ms) FAIL\n");
    assertThat(ran.getLast()).isEqualTo(new Bar.Settings(true, 7));
    assertThat(run(both, "--all").exitCode()).isEqualTo(1);
  }

  @Test
  void aQuickRunOfAllJudgesProofsAndWhetherSpeedWasMeasured() {
    Bar build = bar("a.build", Bar.Kind.BUILD, false, true);
    Bar slow = bar("a.slow", Bar.Kind.SPEED, false, true);
    Bar proof = bar("a.proof", Bar.Kind.PROOF, true, true);
    Ended ended = run(List.of(build, slow, proof), "--all", "--quick");
    assertThat(ended.exitCode()).isZero();
    assertThat(ran).hasSize(2);
    assertThat(ended.printed())
        .contains("a.build: left out")
        .contains("a.slow: 1 ms (bar: < 2 ms) FAIL")
        .endsWith("2 passed, 0 failed: a quick run does not judge a.slow\n");

    Bar wrong = bar("a.wrong", Bar.Kind.PROOF, false, true);
    assertThat(run(List.of(proof, wrong), "--all", "--quick").exitCode()).isEqualTo(1);
    Bar broken = bar("a.broken", Bar.Kind.SPEED, false, false);
    ended = run(List.of(broken, proof), "--all", "--quick");
    assertThat(ended.exitCode()).isEqualTo(1);
    assertThat(ended.printed()).contains("the peer is missing").contains("1 passed, 1 failed");
  }

  @Test
  void aWrongCallIsOneLineAndExitCodeTwo() {
    List<Bar> bars = List.of(bar("a.met", Bar.Kind.PROOF, true, true));
    for (String[] arguments :
        new String[][] {
          {}, {"a.mett"}, {"--seed"}, {"--seed", "x", "a.met"}, {"--al"}, {"--all", "a.met"}
        }) {
      Ended ended = run(bars, arguments);
      assertThat(ended.exitCode()).as(String.join(" ", arguments)).isEqualTo(2);
      assertThat(ended.printed().lines()).hasSize(1).allMatch(l -> l.startsWith("benchmarks/run"));
    }
    assertThat(ran).isEmpty();
  }

  @Test
  void everyBarHasANameOfItsOwn() {
    assertThat(Run.BARS.stream().map(Bar::name)).doesNotHaveDuplicates();
    assertThat(run(Run.BARS, "--list").printed().lines()).hasSize(Run.BARS.size());
  }
}

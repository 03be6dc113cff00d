package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Prometheus's own tool reads the rules, and each alert fires and clears when it should. */
final class AlertRulesPromtoolTest {
  private static final Path TESTS =
      Checkout.HOME.resolve("ops/prometheus/test/quicksilver.test.yml");

  @Test
  void theRulesAreValid() throws Exception {
    Ended check = promtool("check", "rules", RunbookTest.RULES.toString());
    assertThat(check.code()).as(check.output()).isZero();
  }

  @Test
  void theExampleOfAConfigurationIsValid() throws Exception {
    Ended check =
        promtool(
            "check",
            "config",
            "--syntax-only",
            Checkout.HOME.resolve("ops/prometheus/prometheus.yml").toString());
    assertThat(check.code()).as(check.output()).isZero();
  }

  @Test
  void eachAlertFiresAndClears() throws Exception {
    Ended tests = promtool("test", "rules", TESTS.toString());
    assertThat(tests.code()).as(tests.output()).isZero();
  }

  /** Needs no promtool: a rule that nobody tries would pass the tests above. */
  @Test
  void eachAlertIsTriedFiringAndCleared() throws IOException {
    String[] tests = Files.readString(TESTS).split("(?m)^  - name: ", -1);
    List<String> tried = new ArrayList<>();
    for (String test : Arrays.asList(tests).subList(1, tests.length)) {
      String alert = test.split("[^A-Za-z]", 2)[0];
      List<String> checks = List.of(test.split("      - (?=\\{?expr: )", -1));
      if (checks.size() >= 4
          && !checks.get(1).contains("exp_samples")
          && checks.get(2).contains("exp_samples")
          && !checks.getLast().contains("exp_samples")) {
        tried.add(alert);
      }
    }
    assertThat(tried).containsAll(RunbookTest.alerts());
  }

  private record Ended(int code, String output) {}

  private static Ended promtool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException missing) {
      String why = "left out, since there is no promtool: apt-get install prometheus";
      System.out.println("AlertRulesPromtoolTest: " + why);
      return abort(why);
    }
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }
}

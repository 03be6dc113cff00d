package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The runbook says of each alert, and of no other, what to do, and the alert leads there. */
final class RunbookTest {
  static final Path RULES = Checkout.HOME.resolve("ops/prometheus/quicksilver.rules.yml");
  private static final Path RUNBOOK = Checkout.HOME.resolve("docs/runbook.md");
  private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: (\\w+)$");
  private static final Pattern SECTION = Pattern.compile("(?m)^## (.+)$");
  private static final Pattern LINK = Pattern.compile("]\\((\\w+\\.md)?#([^)]+)\\)");

  @Test
  void eachAlertHasASectionAndNoSectionIsWithoutAnAlert() throws IOException {
    List<String> alerts = alerts();
    assertThat(alerts).hasSizeGreaterThan(10).doesNotHaveDuplicates();
    assertThat(all(SECTION, RUNBOOK)).containsExactlyElementsOf(alerts);
  }

  @Test
  void eachAlertLeadsToItsSection() throws IOException {
    String[] rules = Files.readString(RULES).split("(?m)^ +- alert: ", -1);
    assertThat(rules).hasSizeGreaterThan(10);
    for (String rule : Arrays.asList(rules).subList(1, rules.length)) {
      String alert = rule.lines().findFirst().orElseThrow();
      assertThat(rule)
          .contains(
              "          runbook_url: \"docs/runbook.md#"
                  + alert.toLowerCase(Locale.ROOT)
                  + "\"\n");
    }
  }

  @Test
  void eachSectionSaysWhomItConcernsWhereToLookWhatToDoAndWhenItIsOver() throws IOException {
    String[] sections = Files.readString(RUNBOOK).split("(?m)^## ", -1);
    for (String section : Arrays.asList(sections).subList(1, sections.length)) {
      assertThat(section)
          .contains("- **Readers and writers.** ", "- **Look.**", "- **Do.** ")
          .contains("- **Clears** ");
    }
  }

  @Test
  void linksLeadToSections() throws IOException {
    List<String> broken = new ArrayList<>();
    List<MatchResult> links = LINK.matcher(Files.readString(RUNBOOK)).results().toList();
    assertThat(links).hasSizeGreaterThan(10);
    for (MatchResult link : links) {
      Path target = link.group(1) == null ? RUNBOOK : RUNBOOK.resolveSibling(link.group(1));
      try (Stream<String> lines = Files.lines(target)) {
        if (lines.filter(l -> l.startsWith("#")).noneMatch(l -> anchor(l).equals(link.group(2)))) {
          broken.add(link.group());
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  /** What a heading is called in links, as GitHub makes it. */
  private static String anchor(String heading) {
    return heading
        .replaceFirst("^#+ ", "")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\w -]", "")
        .replace(' ', '-');
  }

  /** The names of all alerts. */
  static List<String> alerts() throws IOException {
    return all(ALERT, RULES);
  }

  private static List<String> all(Pattern pattern, Path file) throws IOException {
    return pattern.matcher(Files.readString(file)).results().map(match -> match.group(1)).toList();
  }
}

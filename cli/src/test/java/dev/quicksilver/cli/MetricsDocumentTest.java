package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** docs/metrics.md lists what is exported, and no document names a metric that is not. */
final class MetricsDocumentTest {
  private static final Path DOCUMENT = Path.of("../docs/metrics.md");
  private static final Pattern HELP = Pattern.compile("# HELP (\\S+) (.*)");
  private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
  private static final Pattern SAMPLE = Pattern.compile("([a-z_]+)(?:\\{([^}]*)})? .*");
  private static final Pattern LABEL = Pattern.compile("([a-z]+)=\"");
  private static final Pattern OURS = Pattern.compile("^(# [A-Z]+ )?quicksilver_");
  private static final Pattern HISTOGRAM = Pattern.compile("(.*_seconds)_(bucket|count|sum)$");
  private static final Pattern NAMED = Pattern.compile("\\bquicksilver_[a-z_]+\\*?");

  /** Roles and constraints in SQL, a program in C, queries of PostgreSQL's exporter. */
  private static final Set<String> NO_METRICS =
      Set.of(
          "quicksilver_admin",
          "quicksilver_get",
          "quicksilver_postgres_slot",
          "quicksilver_postgres_waiting_commits",
          "quicksilver_reader",
          "quicksilver_root",
          "quicksilver_writer",
          "quicksilver_key_must_have_",
          "quicksilver_value_must_not_be_too_large");

  private static final String BEFORE =
      """
      # Metrics

      <!-- Made from what a process exports. To change it, change the metrics' help and run: mvn test -pl cli -am
           -Dtest=MetricsDocumentTest -Dsurefire.failIfNoSpecifiedTests=false -Dquicksilver.update-docs=true -->

      Every process exports them at `/metrics` of `http.listen`, in Prometheus's text format; each exports those that it has something to say to.
      What to be woken for is in [quicksilver.rules.yml](../ops/prometheus/quicksilver.rules.yml). `process_*` and `jvm_*` are the Prometheus client's own, of the process
      and its JVM.

      | metric | type | labels | |
      | --- | --- | --- | --- |
      """;

  private record Metric(String type, String labels, String help) {}

  /** Returns what a process with something of everything exports. */
  private static Map<String, Metric> exported() throws IOException {
    Map<String, String> help = new TreeMap<>();
    Map<String, String> type = new TreeMap<>();
    Map<String, String> labels = new TreeMap<>();
    for (String line :
        AlertRulesTest.metrics().lines().filter(each -> OURS.matcher(each).find()).toList()) {
      Matcher found = HELP.matcher(line);
      if (found.matches()) {
        help.put(found.group(1), found.group(2));
      } else if ((found = TYPE.matcher(line)).matches()) {
        type.put(found.group(1), found.group(2));
      } else if ((found = SAMPLE.matcher(line)).matches()) {
        String names = found.group(2) == null ? "" : found.group(2);
        labels.put(
            HISTOGRAM.matcher(found.group(1)).replaceFirst("$1"),
            LABEL
                .matcher(names)
                .results()
                .filter(label -> !label.group(1).equals("le"))
                .map(label -> "`" + label.group(1) + "`")
                .collect(Collectors.joining(", ")));
      }
    }
    assertThat(labels.keySet()).as("each has a sample").isEqualTo(type.keySet());
    Map<String, Metric> all = new TreeMap<>();
    type.forEach(
        (name, of) -> all.put(name, new Metric(of, labels.get(name), help.getOrDefault(name, ""))));
    return all;
  }

  private static String render() throws IOException {
    StringBuilder text = new StringBuilder(BEFORE);
    exported()
        .forEach(
            (name, metric) ->
                text.append("| `")
                    .append(name)
                    .append("` | ")
                    .append(metric.type())
                    .append(" | ")
                    .append(metric.labels())
                    .append(" | ")
                    .append(metric.help())
                    .append(" |\n"));
    return text.toString();
  }

  @Test
  void documentSaysWhatIsExported() throws IOException {
    if (Boolean.getBoolean("quicksilver.update-docs")) {
      Files.writeString(DOCUMENT, render());
    }
    assertThat(DOCUMENT)
        .as("docs/metrics.md is made from the metrics; its first lines say how")
        .hasContent(render());
  }

  @Test
  void everyMetricHasAHelp() throws IOException {
    assertThat(exported())
        .hasSizeGreaterThan(30)
        .allSatisfy((name, metric) -> assertThat(metric.help()).as(name).isNotBlank());
  }

  @Test
  void everyMetricThatADocumentNamesIsExported() throws IOException {
    Set<String> known = new HashSet<>(exported().keySet());
    known.addAll(AlertRulesTest.exportedByPostgres());
    List<String> unknown = new ArrayList<>();
    for (Path file : Checkout.files()) {
      String name = file.getFileName().toString();
      if ((name.endsWith(".md") && !name.equals("CHANGELOG.md")) || name.endsWith(".yml")) {
        NAMED
            .matcher(Files.readString(file))
            .results()
            .map(found -> found.group())
            .filter(found -> !NO_METRICS.contains(found) && !isKnown(found, known))
            .forEach(found -> unknown.add(file + ": " + found));
      }
    }
    assertThat(unknown).as("named, but not exported").isEmpty();
  }

  private static boolean isKnown(String named, Set<String> known) {
    return named.endsWith("*")
        ? known.stream().anyMatch(each -> each.startsWith(named.substring(0, named.length() - 1)))
        : known.contains(named);
  }
}

package dev.quicksilver.benchmarks.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.process.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the panels of a dashboard ask for, as Grafana would ask: with each value that its variables
 * may have.
 */
public final class PanelQueries {
  private static final String RATE_INTERVAL = "15s";

  private final PrometheusProcess prometheus;

  /** Makes one that asks a Prometheus. */
  public PanelQueries(PrometheusProcess prometheus) {
    this.prometheus = prometheus;
  }

  /**
   * What came of a query.
   *
   * @param panel dashboard and title
   * @param series those that have a value, with the choice that gave most
   * @param problem what Prometheus said; empty if it took the query
   */
  public record Result(String panel, String expression, int series, String problem) {}

  /** Asks for all that a file's panels show. */
  public List<Result> run(Path file) throws IOException {
    JsonNode dashboard = Json.MAPPER.readTree(Files.readString(file));
    List<Map<String, String>> choices = choices(dashboard.path("templating").path("list"));
    List<Result> results = new ArrayList<>();
    for (JsonNode panel : dashboard.path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        results.add(
            best(
                dashboard.path("title").asText() + " / " + panel.path("title").asText(),
                target.path("expr").asText(),
                choices));
      }
    }
    return results;
  }

  /** Returns all that the variables may be together; a later one may depend on one before. */
  private List<Map<String, String>> choices(JsonNode variables) throws IOException {
    List<Map<String, String>> all = new ArrayList<>(List.of(Map.of()));
    for (JsonNode variable : variables) {
      if (!variable.path("type").asText().equals("query")) {
        continue;
      }
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> before : all) {
        for (String value : values(filled(variable.path("definition").asText(), before))) {
          Map<String, String> with = new TreeMap<>(before);
          with.put(variable.path("name").asText(), value);
          longer.add(with);
        }
      }
      all = longer;
    }
    return all;
  }

  /** Of {@code label_values(metric, label)}. */
  private List<String> values(String definition) throws IOException {
    String inner = definition.substring(definition.indexOf('(') + 1, definition.length() - 1);
    int comma = inner.lastIndexOf(',');
    String label = inner.substring(comma + 1).strip();
    return prometheus.query("group by (" + label + ") (" + inner.substring(0, comma) + ")").stream()
        .map(series -> series.path("metric").path(label).asText())
        .toList();
  }

  private static String filled(String text, Map<String, String> choice) {
    String result = text.replace("$__rate_interval", RATE_INTERVAL);
    for (Map.Entry<String, String> one : choice.entrySet()) {
      result = result.replace("$" + one.getKey(), one.getValue());
    }
    return result;
  }

  private Result best(String panel, String expression, List<Map<String, String>> choices) {
    int most = 0;
    try {
      for (Map<String, String> choice : choices) {
        long series =
            prometheus.query(filled(expression, choice)).stream()
                .filter(one -> !one.path("value").path(1).asText().equals("NaN"))
                .count();
        most = Math.max(most, (int) series);
      }
      return new Result(panel, expression, most, "");
    } catch (IOException e) {
      return new Result(panel, expression, 0, String.valueOf(e.getMessage()));
    }
  }
}

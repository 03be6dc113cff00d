package dev.quicksilver.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.ops.grafana.Dashboard;
import dev.quicksilver.ops.grafana.DashboardJson;
import dev.quicksilver.ops.grafana.Dashboards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The files in {@code ops/grafana} are what {@link Dashboards} says. To write them anew: mvn verify
 * -pl ops -Dtest=GrafanaDashboardsTest -Dquicksilver.update-docs=true
 */
final class GrafanaDashboardsTest {
  private static final Path FOLDER = Path.of("grafana");
  private static final Pattern OURS = Pattern.compile("\\bquicksilver_[a-z_]+\\b");

  @Test
  void theFilesAreWhatTheCodeSays() throws IOException {
    boolean update = Boolean.getBoolean("quicksilver.update-docs");
    Set<Path> known = new TreeSet<>();
    for (Dashboard dashboard : Dashboards.all()) {
      String json =
          Json.MAPPER
                  .writerWithDefaultPrettyPrinter()
                  .writeValueAsString(DashboardJson.of(dashboard))
              + "\n";
      Path file = FOLDER.resolve(dashboard.uid() + ".json");
      known.add(file);
      if (update) {
        Files.createDirectories(FOLDER);
        Files.writeString(file, json);
      }
      assertThat(file).as("made from the code; the test says how").hasContent(json);
    }
    try (Stream<Path> there = Files.list(FOLDER)) {
      Set<Path> found = there.collect(Collectors.toCollection(TreeSet::new));
      assertThat(found).isEqualTo(known);
    }
  }

  @Test
  void theyAskForMetricsThatThereAre() throws IOException {
    String metrics = Files.readString(Path.of("../docs/metrics.md"));
    Set<String> documented =
        OURS.matcher(metrics).results().map(MatchResult::group).collect(Collectors.toSet());
    for (Dashboard dashboard : Dashboards.all()) {
      Set<String> asked =
          OURS.matcher(DashboardJson.of(dashboard).toString())
              .results()
              .map(found -> found.group().replaceFirst("_seconds_(bucket|count|sum)$", "_seconds"))
              .collect(Collectors.toCollection(TreeSet::new));
      assertThat(documented).as(dashboard.uid()).containsAll(asked);
    }
  }

  @Test
  void panelsHaveIdsOfTheirOwnAndDoNotOverlap() {
    for (Dashboard dashboard : Dashboards.all()) {
      Set<Integer> ids = new HashSet<>();
      Set<String> cells = new HashSet<>();
      List<String> twice = new ArrayList<>();
      for (JsonNode panel : DashboardJson.of(dashboard).path("panels")) {
        assertThat(ids.add(panel.path("id").asInt())).isTrue();
        assertThat(panel.path("title").asText()).isNotBlank();
        JsonNode at = panel.path("gridPos");
        assertThat(at.path("x").asInt() + at.path("w").asInt()).isLessThanOrEqualTo(24);
        for (int x = 0; x < at.path("w").asInt(); x++) {
          for (int y = 0; y < at.path("h").asInt(); y++) {
            String cell = (at.path("x").asInt() + x) + " " + (at.path("y").asInt() + y);
            if (!cells.add(cell)) {
              twice.add(panel.path("title").asText() + " at " + cell);
            }
          }
        }
      }
      assertThat(twice).as(dashboard.uid()).isEmpty();
    }
  }
}

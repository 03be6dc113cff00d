package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Durations;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The status is not looked at here: metrics that have values of their own are. */
final class ExporterTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Exporter exporter = new Exporter(registry, () -> null);

  private String text() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.create().write(out, registry.scrape());
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void twoOfOneNameAreOneSeriesAndWhatIsNotKnownIsNone() throws IOException {
    exporter.gauge(
        "acked",
        "help",
        List.of("node"),
        (_, to) -> {
          to.take(1, "edge");
          to.take(2, "edge");
          to.take(null, "other");
        });
    assertThat(text()).contains("acked{node=\"edge\"} 2.0\n").doesNotContain("other");
  }

  @Test
  void aHistogramHasTheSumsOfItsClasses() throws IOException {
    Durations durations = new Durations();
    durations.add(700_000);
    durations.add(40_000_000_000L);
    exporter.histogram("took", "help", List.of(), (_, to) -> to.take(durations.sums()));
    assertThat(text())
        .contains("took_bucket{le=\"5.0E-4\"} 0\n")
        .contains("took_bucket{le=\"0.001\"} 1\n")
        .contains("took_bucket{le=\"30.0\"} 1\n")
        .contains("took_bucket{le=\"+Inf\"} 2\n")
        .contains("took_count 2\n")
        .contains("took_sum 40.0007\n");
  }
}

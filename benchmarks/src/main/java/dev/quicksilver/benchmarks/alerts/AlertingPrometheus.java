package dev.quicksilver.benchmarks.alerts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.benchmarks.monitoring.PrometheusProcess;
import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A real Prometheus with alert rules, which scrapes and evaluates every second, and beside it a
 * real postgres_exporter. Both end when it is closed.
 */
public final class AlertingPrometheus implements AutoCloseable {
  private final PrometheusProcess prometheus;
  private final Process exporterProcess;
  private final String exporter;

  private AlertingPrometheus(
      PrometheusProcess prometheus, Process exporterProcess, String exporter) {
    this.prometheus = prometheus;
    this.exporterProcess = exporterProcess;
    this.exporter = exporter;
  }

  /**
   * Starts both and waits until Prometheus answers.
   *
   * @param folder for their files
   * @param nodes what the job quicksilver scrapes, {@code host:port}
   * @param queries what the exporter asks PostgreSQL
   */
  public static AlertingPrometheus start(
      Path folder, Path rules, List<String> nodes, Path queries, CentralPostgres postgres)
      throws IOException, InterruptedException {
    String exporter = "127.0.0.1:" + Ports.free();
    Process exporterProcess = startExporter(folder, exporter, queries, postgres);
    try {
      return new AlertingPrometheus(
          PrometheusProcess.start(folder, configuration(rules, nodes, exporter)),
          exporterProcess,
          exporter);
    } catch (IOException | InterruptedException e) {
      exporterProcess.destroyForcibly();
      throw e;
    }
  }

  private static Process startExporter(
      Path folder, String address, Path queries, CentralPostgres postgres) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "prometheus-postgres-exporter",
                "--web.listen-address=" + address,
                "--extend.query-path=" + queries.toAbsolutePath(),
                "--disable-default-metrics",
                "--disable-settings-metrics")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("exporter.log").toFile());
    builder
        .environment()
        .put(
            "DATA_SOURCE_NAME",
            "postgresql://%s:%s@%s/postgres?sslmode=disable"
                .formatted(postgres.user(), postgres.password(), postgres.address()));
    return builder.start();
  }

  private static String configuration(Path rules, List<String> nodes, String exporter) {
    return """
    global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
    rule_files: ["%s"]
    scrape_configs:
      - job_name: quicksilver
        static_configs: [{targets: [%s]}]
      - job_name: postgres
        static_configs: [{targets: ["%s"]}]
    """
        .formatted(
            rules.toAbsolutePath(),
            nodes.stream().map(node -> '"' + node + '"').collect(Collectors.joining(", ")),
            exporter);
  }

  /** Returns the address under which the exporter's alerts come. */
  public String exporter() {
    return exporter;
  }

  /** Returns what fires now, {@code ALERT INSTANCE}. */
  Set<String> firing() throws IOException {
    Set<String> firing = new TreeSet<>();
    for (JsonNode alert :
        Json.MAPPER.readTree(prometheus.ask("/api/v1/alerts")).path("data").path("alerts")) {
      if (alert.path("state").asText().equals("firing")) {
        JsonNode labels = alert.path("labels");
        firing.add(labels.path("alertname").asText() + " " + labels.path("instance").asText());
      }
    }
    return firing;
  }

  @Override
  public void close() {
    prometheus.close();
    exporterProcess.destroyForcibly();
    exporterProcess.onExit().join();
  }
}

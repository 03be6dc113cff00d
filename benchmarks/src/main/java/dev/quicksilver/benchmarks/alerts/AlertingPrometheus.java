package dev.quicksilver.benchmarks.alerts;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A real Prometheus with alert rules, which scrapes and evaluates every second, and beside it a
 * real postgres_exporter. Both end when it is closed.
 */
public final class AlertingPrometheus implements AutoCloseable {
  private final List<Process> processes = new ArrayList<>();
  private final String address = "127.0.0.1:" + Ports.free();
  private final String exporter = "127.0.0.1:" + Ports.free();

  private AlertingPrometheus() {}

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
    AlertingPrometheus started = new AlertingPrometheus();
    try {
      started.startExporter(folder, queries, postgres);
      started.startPrometheus(folder, rules, nodes);
    } catch (IOException | InterruptedException e) {
      started.close();
      throw e;
    }
    return started;
  }

  private void startExporter(Path folder, Path queries, CentralPostgres postgres)
      throws IOException {
    String source =
        "postgresql://%s:%s@%s/postgres?sslmode=disable"
            .formatted(postgres.user(), postgres.password(), postgres.address());
    launch(
        folder.resolve("exporter.log"),
        Map.of("DATA_SOURCE_NAME", source),
        List.of(
            "prometheus-postgres-exporter",
            "--web.listen-address=" + exporter,
            "--extend.query-path=" + queries.toAbsolutePath(),
            "--disable-default-metrics",
            "--disable-settings-metrics"));
  }

  private void startPrometheus(Path folder, Path rules, List<String> nodes)
      throws IOException, InterruptedException {
    Path configuration = folder.resolve("prometheus.yml");
    Files.writeString(
        configuration,
        """
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
                exporter));
    Path log = folder.resolve("prometheus.log");
    Process process =
        launch(
            log,
            Map.of(),
            List.of(
                "prometheus",
                "--config.file=" + configuration.toAbsolutePath(),
                "--storage.tsdb.path=" + folder.resolve("series").toAbsolutePath(),
                "--web.listen-address=" + address,
                "--log.level=warn"));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        ask("/-/ready");
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() - end > 0) {
          throw new IOException("Prometheus does not start: " + Files.readString(log), e);
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
  }

  private Process launch(Path log, Map<String, String> variables, List<String> command)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(variables);
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  /** Returns the address under which the exporter's alerts come. */
  public String exporter() {
    return exporter;
  }

  /** Returns what fires now, {@code ALERT INSTANCE}. */
  Set<String> firing() throws IOException {
    Set<String> firing = new TreeSet<>();
    for (JsonNode alert : Json.MAPPER.readTree(ask("/api/v1/alerts")).path("data").path("alerts")) {
      if (alert.path("state").asText().equals("firing")) {
        JsonNode labels = alert.path("labels");
        firing.add(labels.path("alertname").asText() + " " + labels.path("instance").asText());
      }
    }
    return firing;
  }

  private byte[] ask(String path) throws IOException {
    try (var in = URI.create("http://" + address + path).toURL().openStream()) {
      return in.readAllBytes();
    }
  }

  @Override
  public void close() {
    for (Process process : processes) {
      process.destroyForcibly();
      process.onExit().join();
    }
  }
}

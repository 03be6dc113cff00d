package dev.quicksilver.benchmarks.monitoring;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Prometheus on a free port of loopback, which ends when this is closed. */
public final class PrometheusProcess implements AutoCloseable {
  private final Process process;
  private final String address;

  private PrometheusProcess(Process process, String address) {
    this.process = process;
    this.address = address;
  }

  /**
   * Starts one and waits until it answers.
   *
   * @param folder for its files
   * @param configuration the text of its {@code prometheus.yml}
   * @throws IOException if it does not start, with what it logged
   */
  public static PrometheusProcess start(Path folder, String configuration)
      throws IOException, InterruptedException {
    Path file = folder.resolve("prometheus.yml");
    Files.writeString(file, configuration);
    String address = "127.0.0.1:" + Ports.free();
    Path log = folder.resolve("prometheus.log");
    Process process =
        new ProcessBuilder(
                "prometheus",
                "--config.file=" + file.toAbsolutePath(),
                "--storage.tsdb.path=" + folder.resolve("series").toAbsolutePath(),
                "--web.listen-address=" + address,
                "--log.level=warn")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    PrometheusProcess started = new PrometheusProcess(process, address);
    try {
      started.awaitReady(log);
      return started;
    } catch (IOException | InterruptedException e) {
      started.close();
      throw e;
    }
  }

  private void awaitReady(Path log) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        byte[] ignored = ask("/-/ready");
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() - end > 0) {
          throw new IOException("Prometheus does not start: " + Files.readString(log), e);
        }
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }
  }

  /**
   * Evaluates an expression now.
   *
   * @return the series of its result
   * @throws IOException if it is refused, with Prometheus' words
   */
  public List<JsonNode> query(String expression) throws IOException {
    JsonNode data =
        Json.MAPPER.readTree(
            ask("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8)));
    return data.path("data").path("result").valueStream().toList();
  }

  /** Asks for a path; an answer that is no success is an exception with its text. */
  public byte[] ask(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create("http://" + address + path).toURL().openConnection();
    if (connection.getResponseCode() >= 400) {
      try (var error = connection.getErrorStream()) {
        throw new IOException(
            error == null
                ? "status " + connection.getResponseCode()
                : new String(error.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    try (var in = connection.getInputStream()) {
      return in.readAllBytes();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}

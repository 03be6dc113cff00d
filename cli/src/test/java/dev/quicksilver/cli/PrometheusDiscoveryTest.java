package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A node lists all at and below it for Prometheus, which finds and scrapes them. */
@Execution(ExecutionMode.CONCURRENT)
final class PrometheusDiscoveryTest {
  private static final Path EXAMPLE = Checkout.HOME.resolve("ops/prometheus/prometheus.yml");

  @TempDir private Path folder;
  private Cluster cluster;

  @BeforeEach
  void startATree() throws Exception {
    cluster = TestCluster.in(folder).everywhere(Settings.HTTP_ADVERTISE, "127.0.0.1:0");
    cluster.startPostgres();
    cluster.start(NodeSpec.root("root"));
    cluster.start(NodeSpec.replica("relay", "root"));
    cluster.start(NodeSpec.replica("edge", "relay").with(Settings.NODE_NAME, "edge \"7\""));
    cluster.start(NodeSpec.replica("silent", "relay").with(Settings.HTTP_ADVERTISE, "10.0.0.9:7"));
    cluster.awaitHealthy("edge");
    cluster.start(NodeSpec.serve("serve", "edge"));
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
  }

  /** By address: node and role. */
  private Map<String, String> list(String node) {
    Map<String, String> result = new TreeMap<>();
    try {
      for (JsonNode group : Json.MAPPER.readTree(cluster.ask(node, "/sd").body())) {
        JsonNode labels = group.path("labels");
        result.put(
            group.at("/targets/0").asText(),
            labels.path("__meta_quicksilver_node").asText()
                + ", "
                + labels.path("__meta_quicksilver_role").asText());
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return result;
  }

  @Test
  void nodesAreListedFoundAndScraped() throws Exception {
    Map<String, String> expected = new TreeMap<>();
    expected.put(cluster.address("relay", "http"), "relay, replica");
    expected.put(cluster.address("edge", "http"), "edge \"7\", replica");
    expected.put(cluster.address("serve", "http"), "edge \"7\", serve");
    expected.put("10.0.0.9:7", "silent, replica");
    cluster.await("the relay lists what is below it", () -> list("relay").equals(expected));
    expected.put(cluster.address("root", "http"), "root, root");
    cluster.await("the root lists all", () -> list("root").equals(expected));

    cluster.stop("serve");
    cluster.await(
        "the server is gone",
        () -> !cluster.process("serve").isAlive() && list("root").equals(expected));

    cluster.stop("relay");
    cluster.start(NodeSpec.replica("relay", "root").with(Settings.REPLICATION_MAX_REPORTS, "1"));
    cluster.awaitStatus("relay", "to leave out reports", said -> said.reportsLeftOut() > 0);
  }

  @Test
  void prometheusFindsThemByTheExample() throws Exception {
    String address = "127.0.0.1:" + Ports.free();
    String root = cluster.address("root", "http");
    Path configuration = folder.resolve("prometheus.yml");
    Files.writeString(
        configuration,
        Files.readString(EXAMPLE)
            .replace("10.0.0.1:7490", root)
            .replace("10.0.0.2:7490", cluster.address("relay", "http"))
            .replace("/usr/share/quicksilver/", Checkout.HOME.resolve("ops").toAbsolutePath() + "/")
            .replace("10.0.0.9:9187", root)
            .replaceAll("_interval: \\d+s", "_interval: 1s"));
    Path log = folder.resolve("prometheus.log");
    Process prometheus =
        start(
            log,
            "prometheus",
            "--config.file=" + configuration,
            "--storage.tsdb.path=" + folder.resolve("series"),
            "--web.listen-address=" + address,
            "--log.level=warn");
    try {
      TreeSet<String> expected =
          new TreeSet<>(
              List.of(
                  root + " root root up",
                  cluster.address("relay", "http") + " relay replica up",
                  cluster.address("edge", "http") + " edge \"7\" replica up",
                  cluster.address("serve", "http") + " edge \"7\" serve up"));
      cluster.await(
          "Prometheus to scrape all nodes that answer: " + expected,
          () -> {
            assertThat(prometheus.isAlive()).as("%s", log).isTrue();
            return scraped(address).containsAll(expected);
          });
      assertThat(ask(address, "/api/v1/rules").findValuesAsText("name"))
          .contains("QuicksilverDiverged");
    } finally {
      prometheus.destroyForcibly().waitFor();
    }
  }

  private static TreeSet<String> scraped(String address) {
    TreeSet<String> result = new TreeSet<>();
    for (JsonNode target : ask(address, "/api/v1/targets?state=active").at("/data/activeTargets")) {
      JsonNode labels = target.path("labels");
      if (labels.path("job").asText().equals("quicksilver")) {
        result.add(
            labels.path("instance").asText()
                + " "
                + labels.path("node_name").asText()
                + " "
                + labels.path("node_role").asText()
                + " "
                + target.path("health").asText());
      }
    }
    return result;
  }

  /** Nothing while it does not answer yet. */
  private static JsonNode ask(String address, String path) {
    try (InputStream in = URI.create("http://" + address + path).toURL().openStream()) {
      return Json.MAPPER.readTree(in);
    } catch (IOException e) {
      return Json.MAPPER.createObjectNode();
    }
  }

  private static Process start(Path log, String... command) {
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(log.toFile())
          .start();
    } catch (IOException missing) {
      String why = "left out, since there is no " + command[0] + ": apt-get install prometheus";
      System.out.println("PrometheusDiscoveryTest: " + why);
      return abort(why);
    }
  }
}

package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.bridge.BridgeStatus;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.Healths;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.BridgeReport;
import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.FollowerReport;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.ReaderReport;
import dev.quicksilver.cli.process.NodeStatus.RefusalReport;
import dev.quicksilver.cli.process.NodeStatus.RespReport;
import dev.quicksilver.cli.process.NodeStatus.SlotReport;
import dev.quicksilver.cli.process.NodeStatus.StandbyReport;
import dev.quicksilver.cli.process.NodeStatus.StorageReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.cli.process.NodeStatus.UpstreamReport;
import dev.quicksilver.replication.UpstreamStatus;
import dev.quicksilver.storage.Durations;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Alert rules name metrics that exist. */
final class AlertRulesTest {
  static final NodeStatus STATUS =
      new NodeStatus(
          "1",
          "replica",
          "edge-1",
          "lhr",
          1,
          2,
          true,
          "",
          NodeStatus.HealthReport.UNKNOWN,
          Map.of(),
          List.of(
              new DatabaseReport(
                  "dns",
                  "id",
                  7,
                  1,
                  3,
                  "c",
                  "d",
                  "p",
                  1_500_000,
                  NodeStatus.DatabaseState.STREAMING,
                  "",
                  "",
                  "root",
                  9L,
                  0,
                  0,
                  9L,
                  2.5,
                  new NodeStatus.ReceivedReport(1000, 3, 2),
                  new StorageReport(
                      8192,
                      1 << 20,
                      4096,
                      2_500_000,
                      11,
                      sums(7),
                      3,
                      Map.of("NO_SPACE", 4L),
                      1,
                      0.25,
                      List.of(new ReaderReport(4711, 2, 1, 9, 90, false))))),
          List.of(new FollowerReport("dns", "edge-2", "lhr", 7, 6L)),
          List.of(
              new SubtreeReport(
                  "dns",
                  "edge-2",
                  "lhr",
                  "edge-1",
                  6,
                  1,
                  5,
                  2.5,
                  NodeStatus.DatabaseState.STREAMING,
                  "id",
                  "")),
          0,
          List.of(
              new LocationReport(
                  "dns", "lhr", 1, 6, 6, 1, 2.5, Map.of(NodeStatus.DatabaseState.STREAMING, 1))),
          List.of(new CertificateReport("edge-1.pem", "2027-01-01T00:00:00Z", 86400, 2, 1, "")),
          List.of(
              new UpstreamReport(
                  "dns", "10.0.0.1:7400", "primary", UpstreamStatus.Result.FAILED, "", 0, "gone"),
              new UpstreamReport(
                  "dns",
                  "10.0.0.2:7400",
                  "secondary",
                  UpstreamStatus.Result.FOLLOWED,
                  "r2",
                  9,
                  "")),
          List.of(
              new SlotReport(
                  "quicksilver", 4096L, true, 8, List.of(new StandbyReport("root-2", "9@1:1/9")))),
          List.of(new RefusalReport("10.0.0.1:7400", "NOT_AUTHORIZED", 3)),
          86_400,
          1 << 20,
          List.of(
              new BridgeReport(
                  1,
                  2,
                  3,
                  1,
                  Map.of(
                      BridgeStatus.Way.SEEK, Map.of(BridgeStatus.Outcome.OK, sums(3)),
                      BridgeStatus.Way.EVALUATED, Map.of(BridgeStatus.Outcome.CANCELED, sums(1))),
                  4,
                  Map.of("57014", 5L),
                  0.5,
                  true,
                  6,
                  7)),
          List.of(
              new RespReport(1, 2, 0, 3, Map.of("get", 3L), 2, 1, 1, 4, 5, Map.of("READONLY", 6L))),
          new NodeStatus.SentReport(2000, 5),
          12345L,
          "9@1:1/A");

  @Test
  void everyMetricOfTheRulesIsExported() throws IOException {
    String rules = Files.readString(Path.of("../ops/prometheus/quicksilver.rules.yml"));
    List<String> used =
        Pattern.compile("\\bquicksilver_[a-z_]+\\b")
            .matcher(rules)
            .results()
            .map(MatchResult::group)
            .distinct()
            .toList();

    List<String> known = new ArrayList<>(exported());
    known.addAll(exportedByPostgres());
    assertThat(used).hasSizeGreaterThan(4).isSubsetOf(known);
  }

  /** The metrics that postgres_exporter makes of our queries: the query's name and a column. */
  static List<String> exportedByPostgres() throws IOException {
    List<String> names = new ArrayList<>();
    String query = "";
    for (String line : Files.readAllLines(Path.of("../ops/prometheus/postgres-exporter.yml"))) {
      if (line.matches("\\w+:")) {
        query = line.replace(":", "");
      } else if (line.contains("{usage: GAUGE")) {
        names.add(query + "_" + line.substring(line.indexOf("- ") + 2, line.indexOf(": {")));
      }
    }
    return names;
  }

  private static List<String> exported() throws IOException {
    return metrics()
        .lines()
        .filter(line -> line.startsWith("# TYPE "))
        .map(line -> line.split(" ")[2])
        .collect(Collectors.toList());
  }

  @Test
  void metricsAreInPrometheusTextFormat() throws IOException {
    assertThat(metrics())
        .contains("quicksilver_last_sequence{database=\"dns\"} 7.0\n")
        .contains("quicksilver_lag_entries{database=\"dns\"} 2.0\n")
        .contains("quicksilver_last_commit_timestamp_seconds{database=\"dns\"} 1.5\n")
        .contains("quicksilver_healthy 1.0\n")
        .contains("quicksilver_slot_retained_wal_bytes{slot=\"quicksilver\"} 4096.0\n")
        .contains("quicksilver_log_bytes{database=\"dns\"} 4096.0\n")
        .contains("quicksilver_log_oldest_timestamp_seconds{database=\"dns\"} 2.5\n")
        .contains("quicksilver_log_max_age_seconds 86400.0\n")
        .contains("quicksilver_log_max_bytes 1048576.0\n")
        .contains("quicksilver_corrupt_reads_total{database=\"dns\"} 3.0\n")
        .contains("quicksilver_storage_errors_total{code=\"NO_SPACE\",database=\"dns\"} 4.0\n")
        .contains("quicksilver_oldest_snapshot_seconds{database=\"dns\"} 0.25\n")
        .contains("quicksilver_reader_processes{database=\"dns\"} 1.0\n")
        .contains("quicksilver_oldest_reader_seconds{database=\"dns\",pid=\"4711\"} 90.0\n")
        .contains(
            "quicksilver_bridge_statement_duration_seconds_bucket{outcome=\"ok\",way=\"seek\","
                + "le=\"0.001\"} 3\n")
        .contains(
            "quicksilver_bridge_statement_duration_seconds_count{outcome=\"canceled\","
                + "way=\"evaluated\"} 1\n")
        .contains("quicksilver_commit_duration_seconds_count{database=\"dns\"} 7\n")
        .contains("quicksilver_committed_entries_total{database=\"dns\"} 11.0\n")
        .contains("quicksilver_received_bytes_total{database=\"dns\"} 1000.0\n")
        .contains("quicksilver_upstream_switches_total{database=\"dns\"} 2.0\n")
        .contains("quicksilver_sent_bytes_total 2000.0\n")
        .contains("quicksilver_disk_free_bytes 12345.0\n")
        .contains("quicksilver_database_state{database=\"dns\",state=\"STREAMING\"} 1.0\n")
        .contains("quicksilver_resp_commands_total{command=\"get\"} 3.0\n")
        .contains("process_start_time_seconds ")
        .contains("jvm_memory_used_bytes{area=\"heap\"} ")
        .contains("quicksilver_bridge_errors_total{sqlstate=\"57014\"} 5.0\n")
        .contains(
            "quicksilver_upstream_refused_total{code=\"NOT_AUTHORIZED\","
                + "upstream=\"10.0.0.1:7400\"} 3.0\n")
        .contains("quicksilver_slot_synchronous{slot=\"quicksilver\"} 1.0\n")
        .contains(
            "quicksilver_tls_certificate_expiry_timestamp_seconds{certificate=\"edge-1.pem\"} ")
        .contains("quicksilver_tls_reload_problem{certificate=\"edge-1.pem\"} 0.0\n")
        .contains("quicksilver_node_info{location=\"lhr\",node=\"edge-1\",role=\"replica\"")
        .contains(
            "quicksilver_follower_acked_sequence{database=\"dns\",follower=\"edge-2\","
                + "location=\"lhr\"} 6.0\n")
        .contains("quicksilver_location_nodes{database=\"dns\",location=\"lhr\"} 1.0\n")
        .contains(
            "quicksilver_location_lowest_acked_sequence{database=\"dns\",location=\"lhr\"} 6.0\n")
        .contains(
            "quicksilver_location_worst_lag_entries{database=\"dns\",location=\"lhr\"} 1.0\n");
  }

  /** So many that took between half a millisecond and one. */
  private static Durations.Sums sums(int count) {
    Durations durations = new Durations();
    for (int i = 0; i < count; i++) {
      durations.add(900_000);
    }
    return durations.sums();
  }

  static String metrics() throws IOException {
    try (Health health = Healths.near();
        HttpEndpoint http =
            HttpEndpoint.local(new Endpoint("127.0.0.1", 0), health, () -> STATUS)) {
      return read(http, "/metrics");
    }
  }

  static String read(HttpEndpoint http, String path) throws IOException {
    try (var in = URI.create("http://" + http.address() + path).toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}

package dev.quicksilver.ops.grafana;

import static dev.quicksilver.ops.grafana.Parts.lines;
import static dev.quicksilver.ops.grafana.Parts.named;
import static dev.quicksilver.ops.grafana.Parts.quantile;
import static dev.quicksilver.ops.grafana.Parts.query;
import static dev.quicksilver.ops.grafana.Parts.rate;
import static dev.quicksilver.ops.grafana.Parts.row;
import static dev.quicksilver.ops.grafana.Parts.stat;

import dev.quicksilver.ops.grafana.Dashboard.Panel;
import dev.quicksilver.ops.grafana.Dashboard.Variable;
import java.util.List;

/** The nodes of a data centre, side by side. Stateless. */
final class LocationDashboard {
  private LocationDashboard() {}

  static Dashboard make() {
    String of = "location=~\"$location\"";
    return new Dashboard(
        "quicksilver-location",
        "Quicksilver: a data centre",
        "The nodes of one location or several, side by side.",
        List.of(
            new Variable(
                "location", "Location", "label_values(quicksilver_node_info, location)", true)),
        List.of(
            row(
                "Now",
                stat(
                    "Processes",
                    "That were scraped, by what they are.",
                    "none",
                    query("count by (role) (quicksilver_node_info{" + of + "})", "{{role}}")),
                stat(
                    "Not healthy",
                    "Processes that do not do all that they are for; status says why.",
                    "none",
                    query("sum(" + named("quicksilver_healthy == bool 0", of) + ")", "")),
                stat(
                    "Not ready",
                    "Clients should not be sent there.",
                    "none",
                    query("sum(" + named("quicksilver_ready == bool 0", of) + ")", "")),
                stat(
                    "Furthest behind",
                    "The longest time since a process is known to have had all that the root had.",
                    "s",
                    query("max(" + named("quicksilver_replication_lag_seconds", of) + ")", "")),
                stat(
                    "Least free disk",
                    "Of all data directories.",
                    "bytes",
                    query("min(" + named("quicksilver_disk_free_bytes", of) + ")", "")),
                stat(
                    "First certificate to expire",
                    "Time until then; absent without TLS.",
                    "s",
                    query(
                        "min("
                            + named(
                                "quicksilver_tls_certificate_expiry_timestamp_seconds - time()", of)
                            + ")",
                        ""))),
            row(
                "Following",
                perNode("Behind the root", "s", "max", "quicksilver_replication_lag_seconds", of),
                perNode("Entries behind", "short", "sum", "quicksilver_lag_entries", of),
                perNode(
                    "Entries committed",
                    "ops",
                    "sum",
                    rate("quicksilver_committed_entries_total", ""),
                    of),
                perNode("Received", "Bps", "sum", rate("quicksilver_received_bytes_total", ""), of),
                perNode("Sent", "Bps", "sum", rate("quicksilver_sent_bytes_total", ""), of),
                perNode(
                    "Upstreams in use or well", "short", "sum", "quicksilver_upstream_usable", of)),
            row(
                "Disk",
                perNode(
                    "Commits, the 99th of a hundred",
                    "s",
                    "max",
                    quantile("0.99", "quicksilver_commit_duration_seconds", "instance", ""),
                    of),
                perNode("Databases' files", "bytes", "sum", "quicksilver_file_bytes", of),
                perNode("Free disk", "bytes", "min", "quicksilver_disk_free_bytes", of)),
            row(
                "Machine",
                perNode("CPU", "short", "sum", rate("process_cpu_seconds_total", ""), of),
                perNode("Resident memory", "bytes", "max", "process_resident_memory_bytes", of),
                perNode("Open descriptors", "short", "max", "process_open_fds", of))));
  }

  private static Panel perNode(
      String title, String unit, String operator, String expression, String filter) {
    return lines(
        title,
        "By process.",
        unit,
        query(
            operator + " by (node, role) (" + named(expression, filter) + ")",
            "{{node}} {{role}}"));
  }
}

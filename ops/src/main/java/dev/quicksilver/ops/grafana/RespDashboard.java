package dev.quicksilver.ops.grafana;

import static dev.quicksilver.ops.grafana.Parts.INTERVAL;
import static dev.quicksilver.ops.grafana.Parts.instances;
import static dev.quicksilver.ops.grafana.Parts.lines;
import static dev.quicksilver.ops.grafana.Parts.query;
import static dev.quicksilver.ops.grafana.Parts.rate;
import static dev.quicksilver.ops.grafana.Parts.row;

import java.util.List;

/** What clients of Redis ask for. Stateless. */
final class RespDashboard {
  private RespDashboard() {}

  static Dashboard make() {
    String of = "instance=~\"$instance\"";
    return new Dashboard(
        "quicksilver-resp",
        "Quicksilver: RESP servers",
        "What clients of Redis ask replicas for.",
        List.of(instances("serve")),
        List.of(
            row(
                "Reads",
                lines(
                    "Commands",
                    "By name.",
                    "ops",
                    query(
                        "sum by (command) (" + rate("quicksilver_resp_commands_total", of) + ")",
                        "{{command}}")),
                lines(
                    "Keys asked for",
                    "That were there, and that were not.",
                    "ops",
                    query("sum(" + rate("quicksilver_resp_hits_total", of) + ")", "there"),
                    query("sum(" + rate("quicksilver_resp_misses_total", of) + ")", "not there")),
                lines(
                    "Error replies",
                    "By their first word.",
                    "short",
                    query(
                        "sum by (code) (increase(quicksilver_resp_errors_total{"
                            + of
                            + "}"
                            + INTERVAL
                            + "))",
                        "{{code}}"))),
            row(
                "Clients",
                lines(
                    "Open connections",
                    "By server.",
                    "short",
                    query("quicksilver_resp_open_connections{" + of + "}", "{{instance}}")),
                lines(
                    "New connections",
                    "All, and those that were refused.",
                    "ops",
                    query("sum(" + rate("quicksilver_resp_connections_total", of) + ")", "all"),
                    query(
                        "sum(" + rate("quicksilver_resp_refused_connections_total", of) + ")",
                        "refused")),
                lines(
                    "Waiting for clients",
                    "Bytes in memory that clients have not taken, or not sent the rest of.",
                    "bytes",
                    query("quicksilver_resp_waiting_bytes{" + of + "}", "{{instance}}")),
                lines(
                    "Subscribers",
                    "Clients that are told of changes.",
                    "short",
                    query("quicksilver_resp_subscribers{" + of + "}", "{{instance}}")),
                lines(
                    "Changes told",
                    "To all of them.",
                    "ops",
                    query(rate("quicksilver_resp_events_total", of), "{{instance}}")),
                lines(
                    "Behind the root",
                    "What clients read, by database.",
                    "s",
                    query(
                        "max by (database) (quicksilver_replication_lag_seconds{" + of + "})",
                        "{{database}}")))));
  }
}

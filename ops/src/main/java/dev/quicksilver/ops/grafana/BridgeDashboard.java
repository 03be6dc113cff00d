package dev.quicksilver.ops.grafana;

import static dev.quicksilver.ops.grafana.Parts.INTERVAL;
import static dev.quicksilver.ops.grafana.Parts.instances;
import static dev.quicksilver.ops.grafana.Parts.lines;
import static dev.quicksilver.ops.grafana.Parts.quantile;
import static dev.quicksilver.ops.grafana.Parts.query;
import static dev.quicksilver.ops.grafana.Parts.rate;
import static dev.quicksilver.ops.grafana.Parts.row;

import java.util.List;

/** What analysts ask bridges for. Stateless. */
final class BridgeDashboard {
  private BridgeDashboard() {}

  static Dashboard make() {
    String of = "instance=~\"$instance\"";
    String statements = "quicksilver_bridge_statement_duration_seconds";
    return new Dashboard(
        "quicksilver-bridge",
        "Quicksilver: bridges",
        "What analysts ask replicas for through postgres_fdw.",
        List.of(instances("bridge")),
        List.of(
            row(
                "Statements",
                lines(
                    "Statements, by way",
                    "seek: the bridge itself; evaluated: its PostgreSQL; evaluators_seek: what that"
                        + " asked the bridge for; other: neither.",
                    "ops",
                    query("sum by (way) (" + rate(statements + "_count", of) + ")", "{{way}}")),
                lines(
                    "Statements, by outcome",
                    "Without those of the evaluator.",
                    "ops",
                    query(
                        "sum by (outcome) ("
                            + rate(statements + "_count", of + ", way!=\"evaluators_seek\"")
                            + ")",
                        "{{outcome}}")),
                lines(
                    "Errors",
                    "By SQLSTATE.",
                    "short",
                    query(
                        "sum by (sqlstate) (increase(quicksilver_bridge_errors_total{"
                            + of
                            + "}"
                            + INTERVAL
                            + "))",
                        "{{sqlstate}}")),
                lines(
                    "Half of the statements take no longer than",
                    "By way.",
                    "s",
                    query(quantile("0.5", statements, "way", of), "{{way}}")),
                lines(
                    "99 of a hundred take no longer than",
                    "By way.",
                    "s",
                    query(quantile("0.99", statements, "way", of), "{{way}}")),
                lines(
                    "Rows sent",
                    "To clients and to the evaluator.",
                    "ops",
                    query(
                        "sum by (instance) (" + rate("quicksilver_bridge_rows_total", of) + ")",
                        "{{instance}}"))),
            row(
                "Connections",
                lines(
                    "Open connections",
                    "By bridge.",
                    "short",
                    query("quicksilver_bridge_open_connections{" + of + "}", "{{instance}}")),
                lines(
                    "New connections",
                    "By bridge.",
                    "ops",
                    query(rate("quicksilver_bridge_connections_total", of), "{{instance}}")),
                lines(
                    "Oldest snapshot",
                    "Of a transaction: it keeps pages from being used again.",
                    "s",
                    query(
                        "quicksilver_bridge_oldest_snapshot_seconds{" + of + "}", "{{instance}}"))),
            row(
                "Evaluator and data",
                lines(
                    "Waiting for the evaluator",
                    "Statements that wait for their turn.",
                    "short",
                    query("quicksilver_bridge_waiting_statements{" + of + "}", "{{instance}}")),
                lines(
                    "Evaluator",
                    "1 while it runs, and how often it was started.",
                    "short",
                    query("quicksilver_bridge_evaluator_running{" + of + "}", "{{instance}} runs"),
                    query(
                        "quicksilver_bridge_evaluator_starts_total{" + of + "}",
                        "{{instance}} starts")),
                lines(
                    "Behind the root",
                    "What analysts read, by database.",
                    "s",
                    query(
                        "max by (database) (quicksilver_replication_lag_seconds{" + of + "})",
                        "{{database}}")))));
  }
}

package dev.quicksilver.ops.grafana;

import static dev.quicksilver.ops.grafana.Parts.INTERVAL;
import static dev.quicksilver.ops.grafana.Parts.lines;
import static dev.quicksilver.ops.grafana.Parts.named;
import static dev.quicksilver.ops.grafana.Parts.query;
import static dev.quicksilver.ops.grafana.Parts.rate;
import static dev.quicksilver.ops.grafana.Parts.row;
import static dev.quicksilver.ops.grafana.Parts.stat;

import dev.quicksilver.ops.grafana.Dashboard.Kind;
import dev.quicksilver.ops.grafana.Dashboard.Panel;
import java.util.List;

/** All data centres. Stateless. */
final class WorldDashboard {
  private WorldDashboard() {}

  static Dashboard make() {
    return new Dashboard(
        "quicksilver-world",
        "Quicksilver: the world",
        "All data centres: is every node there, how far behind are they, what is written.",
        List.of(),
        List.of(
            row(
                "Now",
                stat(
                    "Processes",
                    "That were scraped, by what they are.",
                    "none",
                    query("count by (role) (quicksilver_node_info)", "{{role}}")),
                stat(
                    "Not answering",
                    "Processes that Prometheus knows of and cannot scrape.",
                    "none",
                    query("sum(up{job=\"quicksilver\"} == bool 0)", "")),
                stat(
                    "Not healthy",
                    "Processes that do not do all that they are for; status says why.",
                    "none",
                    query("sum(quicksilver_healthy == bool 0)", "")),
                stat(
                    "Not ready, not live",
                    "Not ready: clients should not be sent there. Not live: a thread hangs.",
                    "none",
                    query("sum(quicksilver_ready == bool 0)", "not ready"),
                    query("sum(quicksilver_live == bool 0)", "not live")),
                stat(
                    "Not fresh",
                    "Processes with a database further behind the root than health.max-lag.",
                    "none",
                    query("sum(quicksilver_fresh == bool 0)", "")),
                stat(
                    "Furthest behind",
                    "The longest time since a process is known to have had all that the root had.",
                    "s",
                    query("max(quicksilver_replication_lag_seconds)", ""))),
            row(
                "Propagation",
                lines(
                    "Behind the root, by location",
                    "The process that is furthest behind, as it says itself. About a second at"
                        + " rest: heads are told each second.",
                    "s",
                    query(
                        "max by (location) ("
                            + named("quicksilver_replication_lag_seconds", "")
                            + ")",
                        "{{location}}")),
                lines(
                    "The same, as the roots see it",
                    "From the reports that came up the tree: also of nodes that are not scraped.",
                    "s",
                    query(
                        "max by (location) (quicksilver_location_worst_lag_seconds)",
                        "{{location}}")),
                lines(
                    "Entries behind, by location",
                    "Of the last node of each location, as the roots see it.",
                    "short",
                    query(
                        "max by (location, database) (quicksilver_location_worst_lag_entries)",
                        "{{location}} {{database}}")),
                lines(
                    "What nodes do",
                    "Nodes and databases below the roots, by state. All should be STREAMING.",
                    "short",
                    query(
                        "max by (state) (sum by (instance, state)"
                            + " (quicksilver_location_nodes_in_state))",
                        "{{state}}")),
                lines(
                    "Nodes, by location",
                    "As they are heard of at the roots.",
                    "short",
                    query("max by (location) (quicksilver_location_nodes)", "{{location}}")),
                lines(
                    "Changes of upstream",
                    "How often nodes of a location went over to another upstream.",
                    "short",
                    query(
                        "sum by (location) ("
                            + named(
                                "increase(quicksilver_upstream_switches_total" + INTERVAL + ")", "")
                            + ")",
                        "{{location}}"))),
            row(
                "Writes",
                lines(
                    "Transactions sequenced",
                    "Of PostgreSQL, by the root.",
                    "ops",
                    query("sum(" + rate("quicksilver_sequenced_transactions_total", "") + ")", "")),
                lines(
                    "Entries committed by the root",
                    "Changes of keys, by database.",
                    "ops",
                    query(
                        "max by (database) ("
                            + rate("quicksilver_committed_entries_total", "")
                            + " and on (instance, database)"
                            + " quicksilver_database_state{state=\"SEQUENCING\"})",
                        "{{database}}")),
                lines(
                    "WAL that PostgreSQL keeps",
                    "For the slot of the root; see the alert QuicksilverWalRetained.",
                    "bytes",
                    query("max by (slot) (quicksilver_slot_retained_wal_bytes)", "{{slot}}")),
                lines(
                    "Standby roots, synchronous mode",
                    "Roots that follow the active one, and whether commits wait for it.",
                    "short",
                    query("max by (slot) (quicksilver_standby_roots)", "standbys of {{slot}}"),
                    query(
                        "max by (slot) (quicksilver_slot_synchronous)", "{{slot}} is waited for")),
                lines(
                    "Sent to followers, by location",
                    "What the nodes of a location send to those below them.",
                    "Bps",
                    query(
                        "sum by (location) ("
                            + named(rate("quicksilver_sent_bytes_total", ""), "")
                            + ")",
                        "{{location}}")),
                lines(
                    "Received, by location",
                    "What the nodes of a location get from above.",
                    "Bps",
                    query(
                        "sum by (location) ("
                            + named(rate("quicksilver_received_bytes_total", ""), "")
                            + ")",
                        "{{location}}"))),
            row(
                "Trouble",
                lines(
                    "Refusals by upstreams",
                    "How often nodes were refused, by the reason.",
                    "short",
                    query(
                        "sum by (code) (increase(quicksilver_upstream_refused_total"
                            + INTERVAL
                            + "))",
                        "{{code}}")),
                lines(
                    "Damage and failed storage",
                    "Reads that met damaged bytes, and all reads and writes that failed.",
                    "short",
                    query(
                        "sum(increase(quicksilver_corrupt_reads_total" + INTERVAL + "))",
                        "corrupt reads"),
                    query(
                        "sum by (code) (increase(quicksilver_storage_errors_total"
                            + INTERVAL
                            + "))",
                        "{{code}}")),
                lines(
                    "Diverged copies",
                    "Copies that a block has contradicted.",
                    "short",
                    query(
                        "sum(" + named("quicksilver_diverged", "role=~\"root|replica\"") + ")",
                        "copies")),
                new Panel(
                    Kind.TABLE,
                    "Processes",
                    "All of them, with the lag of the database that is furthest behind.",
                    "s",
                    24,
                    List.of(
                        query(
                            "max by (instance, node, location, role, version) (("
                                + "max by (instance) (quicksilver_replication_lag_seconds))"
                                + " * on (instance) group_left (node, location, role, version)"
                                + " max by (instance, node, location, role, version)"
                                + " (quicksilver_node_info))",
                            ""))))));
  }
}

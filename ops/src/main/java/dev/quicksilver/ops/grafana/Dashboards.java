package dev.quicksilver.ops.grafana;

import dev.quicksilver.ops.grafana.Dashboard.Kind;
import dev.quicksilver.ops.grafana.Dashboard.Panel;
import dev.quicksilver.ops.grafana.Dashboard.Query;
import dev.quicksilver.ops.grafana.Dashboard.Row;
import dev.quicksilver.ops.grafana.Dashboard.Variable;
import java.util.List;

/**
 * All dashboards. They need nothing but the metrics of the processes: names and locations come from
 * {@code quicksilver_node_info}, whatever labels a Prometheus gives its targets. Stateless.
 */
public final class Dashboards {
  private static final String INTERVAL = "[$__rate_interval]";

  private Dashboards() {}

  /** Returns them by the names of their files. */
  public static List<Dashboard> all() {
    return List.of(world(), location(), node(), bridge(), resp());
  }

  // ---- what queries are made of

  /** Each series with the name, location and role of its process, if that is one of them. */
  private static String named(String expression, String filter) {
    return "("
        + expression
        + ") * on (instance) group_left (node, location, role)"
        + " max by (instance, node, location, role) (quicksilver_node_info{"
        + filter
        + "})";
  }

  private static String rate(String counter, String filter) {
    return "rate(" + counter + "{" + filter + "}" + INTERVAL + ")";
  }

  private static String quantile(String share, String histogram, String by, String filter) {
    return "histogram_quantile("
        + share
        + ", sum by (le, "
        + by
        + ") ("
        + rate(histogram + "_bucket", filter)
        + "))";
  }

  private static Panel stat(String title, String about, String unit, Query... queries) {
    return new Panel(Kind.STAT, title, about, unit, 4, List.of(queries));
  }

  private static Panel lines(String title, String about, String unit, Query... queries) {
    return new Panel(Kind.LINES, title, about, unit, 8, List.of(queries));
  }

  private static Query query(String expression, String legend) {
    return new Query(expression, legend);
  }

  private static Row row(String title, Panel... panels) {
    return new Row(title, List.of(panels));
  }

  // ---- the dashboards

  private static Dashboard world() {
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

  private static Dashboard location() {
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

  private static Dashboard node() {
    String of = "instance=\"$instance\"";
    return new Dashboard(
        "quicksilver-node",
        "Quicksilver: a node",
        "One process: what it does, what it stores, what it takes.",
        List.of(
            new Variable("node", "Node", "label_values(quicksilver_node_info, node)", false),
            new Variable(
                "instance",
                "Process",
                "label_values(quicksilver_node_info{node=\"$node\"}, instance)",
                false)),
        List.of(
            row(
                "Now",
                stat(
                    "Healthy",
                    "1 while it does all that it is for.",
                    "none",
                    query("quicksilver_healthy{" + of + "}", "")),
                stat(
                    "Live, ready, fresh",
                    "1 while its threads go on; while clients may be sent to it; while it is near"
                        + " the root.",
                    "none",
                    query("quicksilver_live{" + of + "}", "live"),
                    query("quicksilver_ready{" + of + "}", "ready"),
                    query("quicksilver_fresh{" + of + "}", "fresh")),
                stat(
                    "Behind the root",
                    "Of the database that is furthest behind.",
                    "s",
                    query("max(quicksilver_replication_lag_seconds{" + of + "})", "")),
                stat(
                    "Up since",
                    "When the process was started.",
                    "dateTimeAsIso",
                    query("process_start_time_seconds{" + of + "} * 1000", "")),
                stat(
                    "Pairs",
                    "Live keys, by database.",
                    "short",
                    query("quicksilver_pairs{" + of + "}", "{{database}}")),
                stat(
                    "Sequence",
                    "The last durable one, by database.",
                    "none",
                    query("quicksilver_last_sequence{" + of + "}", "{{database}}"))),
            row(
                "Following",
                lines(
                    "State",
                    "1 for the state that a database is in.",
                    "none",
                    query("quicksilver_database_state{" + of + "}", "{{database}} {{state}}")),
                lines(
                    "Behind the root",
                    "Since it is known to have had all that the root had.",
                    "s",
                    query("quicksilver_replication_lag_seconds{" + of + "}", "{{database}}")),
                lines(
                    "Entries committed",
                    "By database.",
                    "ops",
                    query(rate("quicksilver_committed_entries_total", of), "{{database}}")),
                lines(
                    "Bytes in and out",
                    "From upstreams, and to followers.",
                    "Bps",
                    query("sum(" + rate("quicksilver_received_bytes_total", of) + ")", "received"),
                    query(rate("quicksilver_sent_bytes_total", of), "sent")),
                lines(
                    "Followers",
                    "That are directly connected, by database.",
                    "short",
                    query("quicksilver_followers{" + of + "}", "{{database}}")),
                lines(
                    "Upstreams",
                    "1 while an upstream is followed or would serve; and how often it refused.",
                    "short",
                    query("quicksilver_upstream_usable{" + of + "}", "{{upstream}} {{database}}"),
                    query(
                        "sum by (upstream, code) (increase(quicksilver_upstream_refused_total{"
                            + of
                            + "}"
                            + INTERVAL
                            + ") > 0)",
                        "{{upstream}} {{code}}"))),
            row(
                "Storage",
                new Panel(
                    Kind.HEATMAP,
                    "Commits",
                    "How long LMDB's commits take, with the wait for the disk.",
                    "s",
                    12,
                    List.of(
                        query(
                            "sum by (le) (increase(quicksilver_commit_duration_seconds_bucket{"
                                + of
                                + "}"
                                + INTERVAL
                                + "))",
                            "{{le}}"))),
                new Panel(
                    Kind.LINES,
                    "Commits, shares",
                    "Half of them, and 99 of a hundred, take no longer than this.",
                    "s",
                    12,
                    List.of(
                        query(
                            quantile("0.5", "quicksilver_commit_duration_seconds", "database", of),
                            "half, {{database}}"),
                        query(
                            quantile("0.99", "quicksilver_commit_duration_seconds", "database", of),
                            "99 %, {{database}}"))),
                lines(
                    "Files",
                    "The databases' files, and how large they may become.",
                    "bytes",
                    query("quicksilver_file_bytes{" + of + "}", "{{database}}"),
                    query("quicksilver_map_bytes{" + of + "}", "the most of {{database}}")),
                lines(
                    "Logs",
                    "What is kept of each log, and what may be.",
                    "bytes",
                    query("quicksilver_log_bytes{" + of + "}", "{{database}}"),
                    query("quicksilver_log_max_bytes{" + of + "}", "the most")),
                lines(
                    "Snapshots and readers",
                    "Snapshots of this process, and processes that read the files.",
                    "short",
                    query("quicksilver_open_snapshots{" + of + "}", "snapshots of {{database}}"),
                    query("quicksilver_reader_processes{" + of + "}", "readers of {{database}}")),
                lines(
                    "Oldest snapshots",
                    "Pages that were freed since are not used again, and the file grows.",
                    "s",
                    query("quicksilver_oldest_snapshot_seconds{" + of + "}", "own, {{database}}"),
                    query(
                        "quicksilver_oldest_reader_seconds{" + of + "}",
                        "process {{pid}}, {{database}}")),
                lines(
                    "Failures",
                    "Reads and writes that failed, by code.",
                    "short",
                    query(
                        "sum by (code) (increase(quicksilver_storage_errors_total{"
                            + of
                            + "}"
                            + INTERVAL
                            + "))",
                        "{{code}}")),
                lines(
                    "Free disk",
                    "Where the data directory is.",
                    "bytes",
                    query("quicksilver_disk_free_bytes{" + of + "}", "free"))),
            row(
                "Process",
                lines(
                    "CPU",
                    "Processors in use.",
                    "short",
                    query(rate("process_cpu_seconds_total", of), "CPU")),
                lines(
                    "Memory",
                    "Resident, and what the JVM has of it. Pages of LMDB's files count as resident"
                        + " while the system has room for them.",
                    "bytes",
                    query("process_resident_memory_bytes{" + of + "}", "resident"),
                    query("jvm_memory_used_bytes{" + of + "}", "{{area}}")),
                lines(
                    "Garbage collection",
                    "Share of the time that threads stood still.",
                    "percentunit",
                    query("sum(" + rate("jvm_gc_collection_seconds_sum", of) + ")", "paused")),
                lines(
                    "Threads",
                    "Of the JVM.",
                    "short",
                    query("jvm_threads_current{" + of + "}", "threads")),
                lines(
                    "Descriptors",
                    "Open, and how many may be.",
                    "short",
                    query("process_open_fds{" + of + "}", "open"),
                    query("process_max_fds{" + of + "}", "the most")),
                lines(
                    "Certificates",
                    "Time until they expire; absent without TLS.",
                    "s",
                    query(
                        "quicksilver_tls_certificate_expiry_timestamp_seconds{" + of + "} - time()",
                        "{{certificate}}")))));
  }

  private static Dashboard bridge() {
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

  private static Variable instances(String role) {
    return new Variable(
        "instance",
        "Process",
        "label_values(quicksilver_node_info{role=\"" + role + "\"}, instance)",
        true);
  }

  private static Dashboard resp() {
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

package dev.quicksilver.ops.grafana;

import static dev.quicksilver.ops.grafana.Parts.INTERVAL;
import static dev.quicksilver.ops.grafana.Parts.lines;
import static dev.quicksilver.ops.grafana.Parts.quantile;
import static dev.quicksilver.ops.grafana.Parts.query;
import static dev.quicksilver.ops.grafana.Parts.rate;
import static dev.quicksilver.ops.grafana.Parts.row;
import static dev.quicksilver.ops.grafana.Parts.stat;

import dev.quicksilver.ops.grafana.Dashboard.Kind;
import dev.quicksilver.ops.grafana.Dashboard.Panel;
import dev.quicksilver.ops.grafana.Dashboard.Variable;
import java.util.List;

/** One process. Stateless. */
final class NodeDashboard {
  private NodeDashboard() {}

  static Dashboard make() {
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
}

package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.ReceivedReport;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** How far each database is, and what comes from upstreams. Stateless. */
final class DatabaseMetrics {
  private static final List<String> DATABASE = List.of("database");

  private DatabaseMetrics() {}

  static void register(Exporter exporter) {
    database(
        exporter,
        "quicksilver_last_sequence",
        "The last durable sequence.",
        DatabaseReport::sequence);
    database(
        exporter,
        "quicksilver_oldest_sequence",
        "The first sequence that the log still holds.",
        DatabaseReport::oldestSequence);
    database(exporter, "quicksilver_pairs", "Live key-value pairs.", DatabaseReport::pairs);
    database(
        exporter,
        "quicksilver_upstream_last_sequence",
        "The last sequence known of the upstream; absent where a replica's files are read.",
        DatabaseReport::upstreamSequence);
    database(
        exporter,
        "quicksilver_lag_entries",
        "Entries that the upstream or the root is known to have and this node has not; absent while"
            + " nothing was heard of the root.",
        DatabaseReport::lag);
    database(
        exporter,
        "quicksilver_replication_lag_seconds",
        "Time since this node is known to have had all that the root had; absent while nothing was"
            + " heard of the root.",
        DatabaseReport::lagSeconds);
    database(
        exporter,
        "quicksilver_last_commit_timestamp_seconds",
        "Commit time in PostgreSQL of the last entry, since 1970; absent while there is none.",
        database -> database.commitTime() > 0 ? Double.valueOf(database.commitTime() / 1e6) : null);
    database(
        exporter,
        "quicksilver_following",
        "1 while the database is sequenced, streamed or served.",
        database -> database.state().works() ? 1 : 0);
    exporter.gauge(
        "quicksilver_database_state",
        "1 for the state that the database is in.",
        List.of("database", "state"),
        (status, to) -> status.databases().forEach(d -> to.take(1, d.name(), d.state().name())));
    database(
        exporter,
        "quicksilver_diverged",
        "1 since a block contradicted this copy, until one fits or another copy is in use.",
        database -> database.contradiction().isEmpty() ? 0 : 1);
    database(
        exporter,
        "quicksilver_copied_pairs",
        "Pairs that are here of a new copy in the making; 0 while none is.",
        DatabaseReport::copiedPairs);
    database(
        exporter,
        "quicksilver_pairs_to_copy",
        "Pairs that the source of a new copy holds; 0 while none is in the making.",
        DatabaseReport::pairsToCopy);
    received(
        exporter,
        "quicksilver_received_bytes",
        "Bytes that came from upstreams.",
        ReceivedReport::bytes);
    received(
        exporter,
        "quicksilver_upstream_connections",
        "Connections to upstreams that reached streaming.",
        ReceivedReport::connections);
    received(
        exporter,
        "quicksilver_upstream_switches",
        "How often another node was followed than before.",
        ReceivedReport::switches);
    exporter.gauge(
        "quicksilver_upstream_usable",
        "1 while an upstream is followed or would serve this node; 0 after it did not.",
        List.of("database", "upstream", "role"),
        (status, to) ->
            status
                .upstreams()
                .forEach(
                    up ->
                        to.take(
                            switch (up.result()) {
                              case NOT_ASKED -> null;
                              case FOLLOWED, WELL -> 1;
                              case REFUSED, LEFT_OUT, FAILED -> 0;
                            },
                            up.database(),
                            up.address(),
                            up.role())));
    exporter.counter(
        "quicksilver_upstream_refused",
        "How often an upstream has refused this node, by the reason; all reasons are there.",
        List.of("upstream", "code"),
        (status, to) -> status.refusals().forEach(r -> to.take(r.count(), r.upstream(), r.code())));
  }

  private static void database(
      Exporter exporter,
      String name,
      String help,
      Function<DatabaseReport, @Nullable Number> value) {
    exporter.gauge(
        name,
        help,
        DATABASE,
        (status, to) -> status.databases().forEach(d -> to.take(value.apply(d), d.name())));
  }

  private static void received(
      Exporter exporter, String name, String help, ToLongFunction<ReceivedReport> value) {
    exporter.counter(
        name,
        help,
        DATABASE,
        (status, to) ->
            status
                .databases()
                .forEach(
                    d -> {
                      ReceivedReport received = d.received();
                      to.take(
                          received == null ? null : Long.valueOf(value.applyAsLong(received)),
                          d.name());
                    }));
  }
}

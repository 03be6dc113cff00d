package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.HealthReport;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.Verdict;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** The metrics of a process, computed from its status when they are asked for. Thread-safe. */
final class NodeMetrics {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private NodeStatus current;
  private final Supplier<NodeStatus> source;

  NodeMetrics(Supplier<NodeStatus> source) {
    this.source = source;
    current = source.get();
    Info.builder()
        .name("quicksilver_node_info")
        .help("What this process is.")
        .labelNames("version", "role", "node", "location")
        .register(registry)
        .setLabelValues(current.version(), current.role(), current.node(), current.location());
    GaugeWithCallback.builder()
        .name("quicksilver_healthy")
        .help("1 while the process does what it is for.")
        .callback(callback -> callback.call(current.healthy() ? 1 : 0))
        .register(registry);
    health("quicksilver_live", "1 while its threads go on.", HealthReport::live);
    health(
        "quicksilver_ready",
        "1 while every database is served, once all have been near the root since the start.",
        HealthReport::ready);
    health(
        "quicksilver_fresh",
        "1 while no database is further behind the root than health.max-lag.",
        HealthReport::fresh);
    GaugeWithCallback.builder()
        .name("quicksilver_uptime_seconds")
        .help("Time since the process was started.")
        .callback(callback -> callback.call(number(current.uptimeSeconds())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("quicksilver_complete_lsn_bytes")
        .help(
            "The position in PostgreSQL's WAL up to which this node has everything; absent while it"
                + " is not known.")
        .callback(callback -> lsn(current.complete()).ifPresent(callback::call))
        .register(registry);
    database("quicksilver_last_sequence", "The last durable sequence.", DatabaseReport::sequence);
    database(
        "quicksilver_oldest_sequence",
        "The first sequence that the log still holds.",
        DatabaseReport::oldestSequence);
    database("quicksilver_pairs", "Live key-value pairs.", DatabaseReport::pairs);
    known(
        "quicksilver_upstream_last_sequence",
        "The last sequence known of the upstream; absent where a replica's files are read.",
        DatabaseReport::upstreamSequence);
    known(
        "quicksilver_lag_entries",
        "Entries that the upstream or the root is known to have and this node has not; absent while"
            + " nothing was heard of the root.",
        DatabaseReport::lag);
    known(
        "quicksilver_replication_lag_seconds",
        "Time since this node is known to have had all that the root had; absent while nothing was"
            + " heard of the root.",
        DatabaseReport::lagSeconds);
    database(
        "quicksilver_last_commit_timestamp_seconds",
        "Commit time in PostgreSQL of the last entry, since 1970.",
        database -> database.commitTime() / 1e6);
    database(
        "quicksilver_following",
        "1 while the database is sequenced, streamed or served.",
        database ->
            switch (database.state()) {
              case "STREAMING", "SEQUENCING", "SERVING" -> 1;
              default -> 0;
            });
    database(
        "quicksilver_diverged",
        "1 since a block contradicted this copy, until one fits or another copy is in use.",
        database -> database.contradiction().isEmpty() ? 0 : 1);
    database(
        "quicksilver_copied_pairs",
        "Pairs that are here of a new copy in the making; 0 while none is.",
        DatabaseReport::copiedPairs);
    database(
        "quicksilver_pairs_to_copy",
        "Pairs that the source of a new copy holds; 0 while none is in the making.",
        DatabaseReport::pairsToCopy);
    StorageMetrics.register(registry, () -> current);
    BridgeMetrics.register(registry, () -> current);
    RespMetrics.register(registry, () -> current);
    GaugeWithCallback.builder()
        .name("quicksilver_follower_acked_sequence")
        .help("The last sequence that a directly connected follower has made durable.")
        .labelNames("database", "follower", "location")
        .callback(
            callback ->
                current
                    .followers()
                    .forEach(
                        f ->
                            callback.call(
                                number(f.ackedSequence()), f.database(), f.node(), f.location())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("quicksilver_upstream_usable")
        .help("1 while an upstream is followed or would serve this node; 0 after it did not.")
        .labelNames("database", "upstream", "role")
        .callback(
            callback ->
                current.upstreams().stream()
                    .filter(up -> !up.result().equals("NOT_ASKED"))
                    .forEach(
                        up ->
                            callback.call(
                                switch (up.result()) {
                                  case "FOLLOWED", "WELL" -> 1;
                                  default -> 0;
                                },
                                up.database(),
                                up.address(),
                                up.role())))
        .register(registry);
    CounterWithCallback.builder()
        .name("quicksilver_upstream_refused_total")
        .help("How often an upstream has refused this node, by the reason; all reasons are there.")
        .labelNames("upstream", "code")
        .callback(
            callback ->
                current
                    .refusals()
                    .forEach(r -> callback.call(number(r.count()), r.upstream(), r.code())))
        .register(registry);
    CounterWithCallback.builder()
        .name("quicksilver_subtree_reports_left_out_total")
        .help("Reports of nodes below that were left out, for there are more than are kept.")
        .callback(callback -> callback.call(number(current.reportsLeftOut())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("quicksilver_slot_retained_wal_bytes")
        .help("WAL that PostgreSQL keeps for the root; absent while PostgreSQL does not answer.")
        .labelNames("slot")
        .callback(
            callback ->
                current.slots().stream()
                    .filter(slot -> slot.retainedBytes() >= 0)
                    .forEach(slot -> callback.call(number(slot.retainedBytes()), slot.name())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("quicksilver_slot_synchronous")
        .help("1 while commits in PostgreSQL wait for this root.")
        .labelNames("slot")
        .callback(
            callback ->
                current
                    .slots()
                    .forEach(slot -> callback.call(slot.synchronous() ? 1 : 0, slot.name())))
        .register(registry);
    GaugeWithCallback.builder()
        .name("quicksilver_standby_roots")
        .help("Standby roots that follow this root.")
        .labelNames("slot")
        .callback(
            callback ->
                current.slots().forEach(slot -> callback.call(slot.standbys().size(), slot.name())))
        .register(registry);
    location(
        "quicksilver_location_nodes",
        "Nodes below this one whose acks reached it.",
        LocationReport::nodes);
    location(
        "quicksilver_location_lowest_acked_sequence",
        "The sequence that all nodes of the location have made durable.",
        LocationReport::lowestSequence);
    location(
        "quicksilver_location_worst_lag_entries",
        "Entries that the last node of the location has not acknowledged.",
        LocationReport::worstLag);
    location(
        "quicksilver_location_worst_lag_seconds",
        "The longest time since a node of the location had all that the root had; -1 if unknown.",
        LocationReport::worstLagSeconds);
    GaugeWithCallback.builder()
        .name("quicksilver_location_nodes_in_state")
        .help("Nodes of the location by what they do with the database.")
        .labelNames("database", "location", "state")
        .callback(
            callback ->
                current
                    .locations()
                    .forEach(
                        l ->
                            l.states()
                                .forEach(
                                    (state, count) ->
                                        callback.call(count, l.database(), l.location(), state))))
        .register(registry);
    certificate(
        "quicksilver_tls_certificate_expiry_seconds",
        "Time until this node's certificate expires; negative once it has.",
        CertificateReport::secondsLeft);
    certificate(
        "quicksilver_tls_reload_problem",
        "1 while the certificate's files are not in use, or are no good at this time.",
        certificate -> certificate.problem().isEmpty() ? 0 : 1);
    certificate(
        "quicksilver_tls_reloads",
        "How often new files were taken since the start.",
        CertificateReport::reloads);
    certificate(
        "quicksilver_tls_reload_failures",
        "How often new files could not be used since the start.",
        CertificateReport::reloadFailures);
    CounterWithCallback.builder()
        .name("process_cpu_seconds_total")
        .help("CPU time of the process.")
        .callback(
            callback ->
                callback.call(
                    ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .map(time -> time.toMillis() / 1e3)
                        .orElse(0.0)))
        .register(registry);
  }

  /** The last part of {@code 7300@1:0/1A2B3C} in bytes. */
  private static OptionalDouble lsn(String position) {
    int slash = position.lastIndexOf('/');
    return slash < 0
        ? OptionalDouble.empty()
        : OptionalDouble.of(
            Long.parseUnsignedLong(position.substring(position.lastIndexOf(':') + 1, slash), 16)
                    * 0x1p32
                + Long.parseUnsignedLong(position.substring(slash + 1), 16));
  }

  private void health(String name, String help, Function<HealthReport, Verdict> verdict) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(verdict.apply(current.health()).holds() ? 1 : 0))
        .register(registry);
  }

  private void database(String name, String help, ToDoubleFunction<DatabaseReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("database")
        .callback(
            callback ->
                current.databases().forEach(d -> callback.call(value.applyAsDouble(d), d.name())))
        .register(registry);
  }

  /** A figure that is below 0 while it is not known. */
  private void known(String name, String help, ToDoubleFunction<DatabaseReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("database")
        .callback(
            callback ->
                current.databases().stream()
                    .filter(d -> value.applyAsDouble(d) >= 0)
                    .forEach(d -> callback.call(value.applyAsDouble(d), d.name())))
        .register(registry);
  }

  private void certificate(String name, String help, ToDoubleFunction<CertificateReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("certificate")
        .callback(
            callback ->
                current
                    .certificates()
                    .forEach(c -> callback.call(value.applyAsDouble(c), c.file())))
        .register(registry);
  }

  private void location(String name, String help, ToDoubleFunction<LocationReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("database", "location")
        .callback(
            callback ->
                current
                    .locations()
                    .forEach(
                        l -> callback.call(value.applyAsDouble(l), l.database(), l.location())))
        .register(registry);
  }

  /** Sequences stay exact in a double up to 2^53. */
  private static double number(long value) {
    return value;
  }

  String contentType() {
    return writer.getContentType();
  }

  /** Writes all metrics of one moment in Prometheus's text format. */
  synchronized void write(OutputStream to) throws IOException {
    current = source.get(); // all metrics of one scrape are of one moment
    writer.write(to, registry.scrape());
  }
}

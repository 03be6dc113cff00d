package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.cli.process.NodeStatus.HealthReport;
import dev.quicksilver.cli.process.NodeStatus.Verdict;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of a process, computed from its status when they are asked for, and those of the
 * process and its JVM by the client's own instrumentation. Thread-safe.
 */
final class NodeMetrics {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final Supplier<NodeStatus> source;

  /** Of the last scrape; null before the first. */
  private @Nullable NodeStatus current;

  NodeMetrics(Supplier<NodeStatus> source) {
    this.source = source;
  }

  /** With the first scrape: most processes start more often than they are asked the first time. */
  private void register(NodeStatus now) {
    Info.builder()
        .name("quicksilver_node_info")
        .help("What this process is.")
        .labelNames("version", "role", "node", "location")
        .register(registry)
        .setLabelValues(now.version(), now.role(), now.node(), now.location());
    Exporter exporter = new Exporter(registry, () -> Objects.requireNonNull(current));
    node(exporter);
    DatabaseMetrics.register(exporter);
    StorageMetrics.register(exporter);
    TreeMetrics.register(exporter);
    BridgeMetrics.register(exporter);
    RespMetrics.register(exporter);
    JvmMetrics.builder().register(registry);
  }

  private static void node(Exporter exporter) {
    exporter.gauge(
        "quicksilver_healthy",
        "1 while the process does what it is for.",
        List.of(),
        (status, to) -> to.take(status.healthy() ? 1 : 0));
    health(exporter, "quicksilver_live", "1 while its threads go on.", HealthReport::live);
    health(
        exporter,
        "quicksilver_ready",
        "1 while every database is served, once all have been near the root since the start.",
        HealthReport::ready);
    health(
        exporter,
        "quicksilver_fresh",
        "1 while no database is further behind the root than health.max-lag.",
        HealthReport::fresh);
    exporter.gauge(
        "quicksilver_complete_lsn_bytes",
        "The position in PostgreSQL's WAL up to which this node has everything; absent while it is"
            + " not known.",
        List.of(),
        (status, to) -> to.take(lsn(status.complete())));
    exporter.gauge(
        "quicksilver_disk_free_bytes",
        "What the disk with the data directory has left for this process.",
        List.of(),
        (status, to) -> to.take(status.diskFreeBytes()));
    certificate(
        exporter::gauge,
        "quicksilver_tls_certificate_expiry_timestamp_seconds",
        "When this node's certificate expires, since 1970.",
        certificate -> Instant.parse(certificate.expires()).getEpochSecond());
    certificate(
        exporter::gauge,
        "quicksilver_tls_reload_problem",
        "1 while the certificate's files are not in use, or are no good at this time.",
        certificate -> certificate.problem().isEmpty() ? 0 : 1);
    certificate(
        exporter::counter,
        "quicksilver_tls_reloads",
        "How often new files were taken since the start.",
        CertificateReport::reloads);
    certificate(
        exporter::counter,
        "quicksilver_tls_reload_failures",
        "How often new files could not be used since the start.",
        CertificateReport::reloadFailures);
  }

  private static void health(
      Exporter exporter, String name, String help, Function<HealthReport, Verdict> verdict) {
    exporter.gauge(
        name,
        help,
        List.of(),
        (status, to) -> to.take(verdict.apply(status.health()).holds() ? 1 : 0));
  }

  /** Adds a metric of one type. */
  @FunctionalInterface
  interface Adding {
    void add(String name, String help, List<String> labels, Exporter.Values<Number> values);
  }

  private static void certificate(
      Adding adding, String name, String help, Function<CertificateReport, Number> value) {
    adding.add(
        name,
        help,
        List.of("certificate"),
        (status, to) -> status.certificates().forEach(c -> to.take(value.apply(c), c.file())));
  }

  /** The last part of {@code 7300@1:0/1A2B3C} in bytes. */
  private static @Nullable Number lsn(String position) {
    int slash = position.lastIndexOf('/');
    return slash < 0
        ? null
        : Double.valueOf(
            Long.parseUnsignedLong(position.substring(position.lastIndexOf(':') + 1, slash), 16)
                    * 0x1p32
                + Long.parseUnsignedLong(position.substring(slash + 1), 16));
  }

  String contentType() {
    return writer.getContentType();
  }

  /** Writes all metrics of one moment in Prometheus's text format. */
  synchronized void write(OutputStream to) throws IOException {
    NodeStatus now = source.get(); // all metrics of one scrape are of one moment
    if (current == null) {
      register(now);
    }
    current = now;
    writer.write(to, registry.scrape());
  }
}

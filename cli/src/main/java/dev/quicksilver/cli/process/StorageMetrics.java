package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.ReaderReport;
import dev.quicksilver.cli.process.NodeStatus.StorageReport;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** What is stored, how much log is kept, and what failed. Stateless. */
final class StorageMetrics {
  private StorageMetrics() {}

  static void register(PrometheusRegistry registry, Supplier<NodeStatus> current) {
    gauge(
        registry,
        current,
        "quicksilver_file_bytes",
        "The length of the database's file.",
        StorageReport::fileBytes);
    gauge(registry, current, "quicksilver_log_bytes", "Pages of the log.", StorageReport::logBytes);
    gauge(
        registry,
        current,
        "quicksilver_open_snapshots",
        "Snapshots that this process holds, the one of this report among them.",
        StorageReport::openSnapshots);
    gauge(
        registry,
        current,
        "quicksilver_oldest_snapshot_seconds",
        "Age of the oldest of them: pages that were freed since are not used again, and the file"
            + " grows.",
        StorageReport::oldestSnapshotSeconds);
    gauge(
        registry,
        current,
        "quicksilver_reader_processes",
        "Other processes that have reader slots of the database.",
        storage -> storage.readers().size());
    gauge(
        registry,
        current,
        "quicksilver_reader_snapshots",
        "Snapshots that they have open.",
        storage -> storage.readers().stream().mapToInt(ReaderReport::snapshots).sum());
    gauge(
        registry,
        current,
        "quicksilver_oldest_reader_seconds",
        "How long the oldest of them is known not to be at the newest commit; pages that were freed"
            + " since are not used again.",
        storage ->
            storage.readers().stream().mapToDouble(ReaderReport::heldSeconds).max().orElse(0));
    GaugeWithCallback.builder()
        .name("quicksilver_log_oldest_timestamp_seconds")
        .help("Commit time of the oldest that the log holds, since 1970; absent while it is empty.")
        .labelNames("database")
        .callback(
            callback ->
                current.get().databases().stream()
                    .filter(d -> d.storage().logCommitTime() > 0)
                    .forEach(d -> callback.call(d.storage().logCommitTime() / 1e6, d.name())))
        .register(registry);
    bound(
        registry,
        current,
        "quicksilver_log_max_age_seconds",
        "data.log-max-age: how far back the logs may reach; absent on a bridge.",
        NodeStatus::logMaxAgeSeconds);
    bound(
        registry,
        current,
        "quicksilver_log_max_bytes",
        "data.log-max-size: how large each log may be; absent on a bridge.",
        NodeStatus::logMaxBytes);
    CounterWithCallback.builder()
        .name("quicksilver_corrupt_reads_total")
        .help("Reads that met damaged bytes since this process opened the database.")
        .labelNames("database")
        .callback(
            callback ->
                current
                    .get()
                    .databases()
                    .forEach(d -> callback.call((double) d.storage().corruptReads(), d.name())))
        .register(registry);
    CounterWithCallback.builder()
        .name("quicksilver_storage_errors_total")
        .help("Reads and writes that failed since this process opened the database, by code.")
        .labelNames("database", "code")
        .callback(
            callback ->
                current
                    .get()
                    .databases()
                    .forEach(
                        d ->
                            d.storage()
                                .errors()
                                .forEach(
                                    (code, count) ->
                                        callback.call((double) count, d.name(), code))))
        .register(registry);
  }

  private static void gauge(
      PrometheusRegistry registry,
      Supplier<NodeStatus> current,
      String name,
      String help,
      ToDoubleFunction<StorageReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("database")
        .callback(
            callback ->
                current
                    .get()
                    .databases()
                    .forEach(d -> callback.call(value.applyAsDouble(d.storage()), d.name())))
        .register(registry);
  }

  private static void bound(
      PrometheusRegistry registry,
      Supplier<NodeStatus> current,
      String name,
      String help,
      ToDoubleFunction<NodeStatus> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(
            callback -> {
              double bound = value.applyAsDouble(current.get());
              if (bound > 0) {
                callback.call(bound);
              }
            })
        .register(registry);
  }
}

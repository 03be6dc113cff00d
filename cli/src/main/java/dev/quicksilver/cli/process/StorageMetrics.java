package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.ReaderReport;
import dev.quicksilver.cli.process.NodeStatus.StorageReport;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** What is stored, how much log is kept, and what failed. Stateless. */
final class StorageMetrics {
  private static final List<String> DATABASE = List.of("database");

  private StorageMetrics() {}

  static void register(Exporter exporter) {
    gauge(
        exporter,
        "quicksilver_file_bytes",
        "The length of the database's file.",
        StorageReport::fileBytes);
    gauge(
        exporter,
        "quicksilver_map_bytes",
        "How large the file may become (data.map-size).",
        StorageReport::mapBytes);
    gauge(exporter, "quicksilver_log_bytes", "Pages of the log.", StorageReport::logBytes);
    gauge(
        exporter,
        "quicksilver_open_snapshots",
        "Snapshots that this process holds, the one of this report among them.",
        StorageReport::openSnapshots);
    gauge(
        exporter,
        "quicksilver_oldest_snapshot_seconds",
        "Age of the oldest of them: pages that were freed since are not used again, and the file"
            + " grows.",
        StorageReport::oldestSnapshotSeconds);
    gauge(
        exporter,
        "quicksilver_reader_processes",
        "Other processes that have reader slots of the database.",
        storage -> storage.readers().size());
    gauge(
        exporter,
        "quicksilver_reader_snapshots",
        "Snapshots that they have open.",
        storage -> storage.readers().stream().mapToInt(ReaderReport::snapshots).sum());
    exporter.gauge(
        "quicksilver_oldest_reader_seconds",
        "How long the process with the oldest snapshot is known not to be at the newest commit;"
            + " pages that were freed since are not used again. Absent while there is no reader.",
        List.of("database", "pid"),
        (status, to) ->
            status
                .databases()
                .forEach(
                    d ->
                        d.storage().readers().stream()
                            .max(Comparator.comparingDouble(ReaderReport::heldSeconds))
                            .ifPresent(
                                r -> to.take(r.heldSeconds(), d.name(), Long.toString(r.pid())))));
    gauge(
        exporter,
        "quicksilver_log_oldest_timestamp_seconds",
        "Commit time of the oldest that the log holds, since 1970; absent while it is empty.",
        storage ->
            storage.logCommitTime() > 0 ? Double.valueOf(storage.logCommitTime() / 1e6) : null);
    bound(
        exporter,
        "quicksilver_log_max_age_seconds",
        "data.log-max-age: how far back the logs may reach; absent on a bridge.",
        NodeStatus::logMaxAgeSeconds);
    bound(
        exporter,
        "quicksilver_log_max_bytes",
        "data.log-max-size: how large each log may be; absent on a bridge.",
        NodeStatus::logMaxBytes);
    exporter.counter(
        "quicksilver_committed_entries",
        "Entries that were committed since this process opened the database.",
        DATABASE,
        (status, to) -> status.databases().forEach(d -> to.take(d.storage().entries(), d.name())));
    exporter.histogram(
        "quicksilver_commit_duration_seconds",
        "How long LMDB's commits took, with the wait for the disk.",
        DATABASE,
        (status, to) -> status.databases().forEach(d -> to.take(d.storage().commits(), d.name())));
    exporter.counter(
        "quicksilver_corrupt_reads",
        "Reads that met damaged bytes since this process opened the database.",
        DATABASE,
        (status, to) ->
            status.databases().forEach(d -> to.take(d.storage().corruptReads(), d.name())));
    exporter.counter(
        "quicksilver_storage_errors",
        "Reads and writes that failed since this process opened the database, by code.",
        List.of("database", "code"),
        (status, to) ->
            status
                .databases()
                .forEach(
                    d ->
                        d.storage()
                            .errors()
                            .forEach((code, count) -> to.take(count, d.name(), code))));
  }

  private static void gauge(
      Exporter exporter,
      String name,
      String help,
      Function<StorageReport, @Nullable Number> value) {
    exporter.gauge(
        name,
        help,
        DATABASE,
        (status, to) ->
            status.databases().forEach(d -> to.take(value.apply(d.storage()), d.name())));
  }

  private static void bound(
      Exporter exporter, String name, String help, ToLongFunction<NodeStatus> value) {
    exporter.gauge(
        name,
        help,
        List.of(),
        (status, to) -> {
          long bound = value.applyAsLong(status);
          to.take(bound > 0 ? Long.valueOf(bound) : null);
        });
  }
}

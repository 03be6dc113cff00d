package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.cli.process.NodeStatus.FollowerReport;
import dev.quicksilver.cli.process.NodeStatus.HealthReport;
import dev.quicksilver.cli.process.NodeStatus.ReaderReport;
import dev.quicksilver.cli.process.NodeStatus.ReceivedReport;
import dev.quicksilver.cli.process.NodeStatus.StorageReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.replication.CopyStatus;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.OpenSnapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogExtent;
import dev.quicksilver.storage.record.Head;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the status of a process from its live parts. Thread-safe if the suppliers are. */
final class StatusReporter {
  /** What following or serving one database does just now. */
  record Progress(
      DatabaseState state,
      String reason,
      String contradiction,
      String upstream,
      @Nullable Long upstreamSequence,
      Optional<CopyStatus> copy,
      @Nullable Long rootSequence,
      @Nullable Double lagSeconds,
      @Nullable ReceivedReport received) {}

  private static final Logger LOG = LoggerFactory.getLogger(StatusReporter.class);

  private final Configuration configuration;
  private final Role role;
  private final Supplier<Map<String, String>> addresses;
  private final Supplier<List<CertificateReport>> certificates;
  private final StorageOptions storage;

  StatusReporter(
      Configuration configuration,
      Role role,
      Supplier<Map<String, String>> addresses,
      Supplier<List<CertificateReport>> certificates) {
    this.configuration = configuration;
    this.role = role;
    this.addresses = addresses;
    this.certificates = certificates;
    this.storage = NodeCommand.storageOptions(configuration);
  }

  /**
   * Returns the status of this moment.
   *
   * @param problem one line when the process does not do what it is for
   * @param progress what is known beyond the database itself; empty for a database that nothing
   *     works on yet
   * @param below what the nodes below have reported
   */
  NodeStatus report(
      Optional<String> problem,
      Collection<Database> databases,
      Function<DatabaseReport, Optional<Progress>> progress,
      List<FollowerReport> followers,
      Subtree below) {
    List<DatabaseReport> reports =
        databases.stream()
            .map(database -> report(database, progress))
            .sorted(Comparator.comparing(DatabaseReport::name))
            .toList();
    Optional<String> unreadable =
        reports.stream()
            .filter(report -> report.state() == DatabaseState.UNREADABLE)
            .findFirst()
            .map(report -> report.name() + " cannot be read: " + report.reason());
    Optional<String> wrong =
        problem
            .or(() -> unreadable)
            .or(() -> writes(role) ? Readers.problem(reports) : Optional.empty());
    List<SubtreeReport> subtree = SubtreeReports.nodes(reports, below.nodes(), below::lagMicros);
    return new NodeStatus(
        VersionCommand.version(),
        role.command(),
        configuration.get(Settings.NODE_NAME),
        configuration.get(Settings.NODE_LOCATION),
        ProcessHandle.current().pid(),
        ManagementFactory.getRuntimeMXBean().getUptime() / 1000,
        wrong.isEmpty(),
        wrong.orElse(""),
        HealthReport.UNKNOWN,
        addresses.get(),
        reports,
        followers,
        subtree,
        below.leftOut(),
        SubtreeReports.locations(subtree),
        certificates.get(),
        List.of(),
        List.of(),
        List.of(),
        writes(role) ? storage.logMaxAge().toSeconds() : 0,
        writes(role) ? storage.logMaxBytes() : 0,
        List.of(),
        List.of(),
        null,
        diskFree(),
        "");
  }

  private @Nullable Long diskFree() {
    long usable = configuration.get(Settings.DATA_DIRECTORY).toFile().getUsableSpace();
    return usable > 0 ? usable : null; // 0 also if it cannot be told
  }

  /** Whose readers are none of a process's business that reads itself. */
  private static boolean writes(Role role) {
    return role == Role.ROOT || role == Role.REPLICA;
  }

  /** One that cannot be read is no reason to say nothing of the others. */
  private static DatabaseReport report(
      Database database, Function<DatabaseReport, Optional<Progress>> progress) {
    try {
      DatabaseReport report = report(database);
      return with(report, progress.apply(report));
    } catch (StorageException e) {
      return new DatabaseReport(
          database.identity().name(),
          database.identity().id().toString(),
          0,
          0,
          0,
          "",
          "",
          "",
          0,
          DatabaseState.UNREADABLE,
          e.code() + ": " + e.getMessage(),
          "",
          "",
          null,
          0,
          0,
          null,
          null,
          null,
          storage(database, LogExtent::none));
    }
  }

  private static StorageReport storage(Database database, Supplier<LogExtent> extent) {
    LogExtent log = LogExtent.none();
    long bytes = 0;
    List<ReaderReport> others = List.of();
    try {
      bytes = database.fileBytes();
      others = Readers.of(database);
      log = extent.get();
    } catch (StorageException e) {
      LOG.debug("{}: {}", database, e.getMessage()); // it is counted; the pairs may be sound
    }
    List<OpenSnapshot> readers = database.readers();
    Map<String, Long> errors = new TreeMap<>();
    database.errors().forEach((code, count) -> errors.put(code.name(), count));
    return new StorageReport(
        bytes,
        database.mapBytes(),
        log.bytes(),
        log.oldestCommitTime(),
        database.entriesCommitted(),
        database.commits(),
        database.corruptReads(),
        errors,
        readers.size(),
        readers.stream().mapToLong(reader -> reader.age().toMillis()).max().orElse(0) / 1e3,
        others);
  }

  private static DatabaseReport report(Database database) {
    try (Snapshot snapshot = database.snapshot()) {
      Head head = snapshot.head();
      return new DatabaseReport(
          database.identity().name(),
          database.identity().id().toString(),
          head.lastSequence(),
          head.oldestSequence(),
          snapshot.pairs(),
          head.chainHash().toString(),
          head.contentDigest().toString(),
          head.position().toString(),
          head.commitTime(),
          DatabaseState.WAITING,
          "nothing works on it yet",
          "",
          "",
          head.lastSequence(),
          0,
          0,
          null,
          null,
          null,
          storage(database, snapshot::log));
    }
  }

  private static DatabaseReport with(DatabaseReport report, Optional<Progress> progress) {
    return progress
        .map(
            p ->
                new DatabaseReport(
                    report.name(),
                    report.id(),
                    report.sequence(),
                    report.oldestSequence(),
                    report.pairs(),
                    report.chainHash(),
                    report.contentDigest(),
                    report.position(),
                    report.commitTime(),
                    p.state(),
                    p.reason(),
                    p.contradiction(),
                    p.upstream(),
                    p.upstreamSequence(),
                    p.copy().map(CopyStatus::pairs).orElse(0L),
                    p.copy().map(CopyStatus::pairsOfSource).orElse(0L),
                    p.rootSequence(),
                    p.lagSeconds(),
                    p.received(),
                    report.storage()))
        .orElse(report);
  }
}

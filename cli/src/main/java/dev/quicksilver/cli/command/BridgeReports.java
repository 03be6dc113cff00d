package dev.quicksilver.cli.command;

import dev.quicksilver.bridge.Bridge;
import dev.quicksilver.bridge.BridgeStatus;
import dev.quicksilver.bridge.ServedDatabases;
import dev.quicksilver.bridge.ServedDatabases.Served;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.BridgeReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.replication.Subtree;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a bridge says of itself. It reads a replica's files and asks nobody, so it says how far each
 * database is and how old its last commit is, and not what is missing: the replica says that.
 */
final class BridgeReports {
  private BridgeReports() {}

  static NodeStatus report(Bridge bridge, StatusReporter reporter) {
    BridgeStatus counted = bridge.status();
    return bridge
        .look(
            served ->
                reporter.report(
                    problem(served),
                    served.open().stream().map(Served::database).toList(),
                    progress(served),
                    List.of(),
                    new Subtree()))
        .withBridge(
            new BridgeReport(
                counted.connections(),
                counted.connectionsTotal(),
                counted.queries(),
                counted.evaluated(),
                counted.rows(),
                counted.errors(),
                counted.oldestSnapshot().toMillis() / 1e3,
                counted.evaluatorRuns()));
  }

  private static Optional<String> problem(ServedDatabases served) {
    return Stream.concat(
            served.unopened().entrySet().stream()
                .map(one -> one.getKey() + " cannot be opened: " + one.getValue()),
            served.open().stream()
                .flatMap(
                    one ->
                        one.withheld().stream()
                            .map(
                                why ->
                                    one.database().identity().name() + " is not served: " + why)))
        .findFirst();
  }

  private static Function<DatabaseReport, Optional<StatusReporter.Progress>> progress(
      ServedDatabases served) {
    return report ->
        served.open().stream()
            .filter(one -> one.database().identity().name().equals(report.name()))
            .findFirst()
            .map(BridgeReports::progress);
  }

  private static StatusReporter.Progress progress(Served one) {
    return new StatusReporter.Progress(
        one.withheld().isPresent() ? "WITHHELD" : "SERVING",
        one.withheld().orElse(""),
        one.diverged().orElse(""),
        "",
        -1,
        Optional.empty(),
        -1,
        -1);
  }
}

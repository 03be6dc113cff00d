package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What a process says that reads a replica's files and asks nobody: how far each database is and
 * how old its last commit is, and not what is missing, since the replica says that.
 */
final class LocalReports {
  private LocalReports() {}

  static NodeStatus report(FollowedDatabases.View databases, StatusReporter reporter) {
    return reporter.report(
        problem(databases),
        databases.databases().values().stream().map(Followed::database).toList(),
        progress(databases),
        List.of(),
        new Subtree());
  }

  private static Optional<String> problem(FollowedDatabases.View databases) {
    return Stream.concat(
            databases.unopened().entrySet().stream()
                .map(
                    one ->
                        one.getKey()
                            + " cannot be opened: "
                            + one.getValue().code()
                            + ": "
                            + one.getValue().getMessage()),
            databases.databases().entrySet().stream()
                .flatMap(
                    one ->
                        one.getValue().withheld().stream()
                            .map(why -> one.getKey() + " is not served: " + why)))
        .findFirst();
  }

  private static Function<DatabaseReport, Optional<StatusReporter.Progress>> progress(
      FollowedDatabases.View databases) {
    return report ->
        Optional.ofNullable(databases.databases().get(report.name())).map(LocalReports::progress);
  }

  private static StatusReporter.Progress progress(Followed one) {
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

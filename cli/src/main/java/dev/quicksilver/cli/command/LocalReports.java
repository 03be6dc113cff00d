package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import dev.quicksilver.storage.Following;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process says that reads a replica's files: how far each database is by the file, and how
 * far it is behind by what the replica has written beside it.
 */
final class LocalReports {
  private static final Logger LOG = LoggerFactory.getLogger(LocalReports.class);

  private LocalReports() {}

  static NodeStatus report(FollowedDatabases.View databases, Path data, StatusReporter reporter) {
    return reporter.report(
        problem(databases),
        databases.databases().values().stream().map(Followed::database).toList(),
        progress(databases, said(data)),
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

  private static Map<String, Following> said(Path data) {
    try {
      return Following.read(data);
    } catch (IOException e) {
      LOG.debug("what the replica says cannot be read", e);
      return Map.of();
    }
  }

  /** Returns what the health of such a process is by: it is as fresh as its replica says. */
  static Map<String, Health.Standing> standing(FollowedDatabases.View databases, Path data) {
    Map<String, Following> said = said(data);
    long now = System.currentTimeMillis();
    Map<String, Health.Standing> result = new HashMap<>();
    for (Map.Entry<String, Followed> one : databases.databases().entrySet()) {
      Following following = said.get(one.getKey());
      result.put(
          one.getKey(),
          new Health.Standing(
              following == null ? OptionalLong.empty() : following.age(now),
              one.getValue().withheld()));
    }
    databases
        .unopened()
        .forEach(
            (name, why) ->
                result.put(
                    name,
                    new Health.Standing(
                        OptionalLong.empty(), Optional.of(why.code() + ": " + why.getMessage()))));
    return result;
  }

  private static Function<DatabaseReport, Optional<StatusReporter.Progress>> progress(
      FollowedDatabases.View databases, Map<String, Following> said) {
    return report ->
        Optional.ofNullable(databases.databases().get(report.name()))
            .map(one -> progress(one, Optional.ofNullable(said.get(report.name()))));
  }

  private static StatusReporter.Progress progress(Followed one, Optional<Following> said) {
    OptionalLong age =
        said.map(each -> each.age(System.currentTimeMillis())).orElse(OptionalLong.empty());
    return new StatusReporter.Progress(
        one.withheld().isPresent() ? DatabaseState.WITHHELD : DatabaseState.SERVING,
        one.withheld().orElse(""),
        one.diverged().orElse(""),
        said.map(Following::upstream).orElse(""),
        null,
        Optional.empty(),
        said.map(Following::rootSequence).filter(sequence -> sequence > 0).orElse(null),
        age.isPresent() ? Double.valueOf(age.getAsLong() / 1e3) : null,
        null);
  }
}

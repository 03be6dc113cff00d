package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus.FollowerReport;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.replication.ReplicationServer;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Sequences PostgreSQL's commits and serves the log. */
@Command(
    name = "root",
    description =
        "Sequences the commits of the central PostgreSQL and serves the log to followers.")
public final class RootCommand extends NodeCommand {
  RootCommand() {
    super(Role.ROOT);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration) {
    NodeParts node = NodeParts.start(lifecycle, configuration, role());
    PostgresConnection postgres = PostgresConnection.open(configuration, lifecycle);
    Migrations.migrate(postgres.url(), postgres.user(), postgres.password());
    StatusReporter reporter = new StatusReporter(configuration, role(), node::addresses);
    node.ready(
        () ->
            reporter.report(
                Optional.empty(),
                node.databases.all(),
                database ->
                    Optional.of(
                        new StatusReporter.Progress(
                            "SEQUENCING", "the slot is ours", "PostgreSQL", database.sequence())),
                followers(node.server)));
  }

  static List<FollowerReport> followers(ReplicationServer server) {
    return server.followers().stream()
        .map(
            f ->
                new FollowerReport(
                    f.database(), f.node(), f.location(), f.sentSequence(), f.ackedSequence()))
        .toList();
  }
}

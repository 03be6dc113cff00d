package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.FollowerReport;
import dev.quicksilver.cli.process.NodeStatus.SlotReport;
import dev.quicksilver.gateway.Gateway;
import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Following;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
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
    GatewayConfig config = config(configuration, postgres);
    Gateway gateway = lifecycle.own("gateway", Gateway.start(config, node.databases, node.subtree));
    Thread.ofVirtual().name("gateway-watch").start(() -> watch(gateway, lifecycle));

    StatusReporter reporter =
        new StatusReporter(configuration, role(), node::addresses, node.transport::certificates);
    node.ready(
        () -> {
          GatewayStatus status = gateway.status();
          String slot = gateway.slotName();
          boolean streaming = status.state() == GatewayStatus.State.STREAMING;
          String state = streaming ? "SEQUENCING" : status.state().name();
          NodeStatus report =
              reporter
                  .report(
                      streaming
                          ? Optional.empty()
                          : Optional.of("the gateway is " + state + ": " + status.lastProblem()),
                      node.databases.all(),
                      database ->
                          Optional.of(
                              new StatusReporter.Progress(
                                  state,
                                  status.lastProblem(),
                                  "",
                                  "PostgreSQL",
                                  database.sequence(),
                                  Optional.empty(),
                                  database.sequence(),
                                  0)),
                      followers(node.server),
                      node.subtree)
                  .withComplete(node.complete());
          return slot.isEmpty()
              ? report
              : report.withSlot(
                  new SlotReport(slot, gateway.retainedWal(), gateway.isSynchronous()));
        },
        () -> following(gateway.status(), node.databases),
        CopyRequests::refuse);
  }

  /** What is complete is so by the root: nothing is missing that it has sequenced. */
  private static Map<String, Following> following(GatewayStatus status, DatabaseSet databases) {
    boolean streaming = status.state() == GatewayStatus.State.STREAMING;
    Map<String, Following> result = new TreeMap<>();
    for (Database database : databases.all()) {
      result.put(
          database.identity().name(),
          new Following(
              streaming ? "SEQUENCING" : status.state().name(),
              streaming ? "PostgreSQL" : "",
              database.head().lastSequence(),
              streaming ? OptionalLong.of(System.currentTimeMillis()) : OptionalLong.empty(),
              streaming ? "" : status.lastProblem()));
    }
    return result;
  }

  private static GatewayConfig config(Configuration configuration, PostgresConnection postgres) {
    try {
      return GatewayConfig.of(postgres.url(), postgres.user(), postgres.password())
          .withWindow(configuration.get(Settings.ROOT_WINDOW))
          .withSlotName(configuration.find(Settings.ROOT_SLOT).orElse(""))
          .withConfirmAfter(configuration.get(Settings.ROOT_CONFIRM_AFTER));
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(String.valueOf(e.getMessage()));
    }
  }

  private static void watch(Gateway gateway, Lifecycle lifecycle) {
    try {
      gateway.await();
    } catch (GatewayException e) {
      lifecycle.fail(exitCode(e), e.getMessage() + " [" + e.code() + "]");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int exitCode(GatewayException e) {
    return switch (e.code()) {
      case ACCESS_DENIED, WRONG_WAL_LEVEL, SCHEMA_MISSING, PUBLICATION_MISSING, STORAGE ->
          ExitCode.FAILURE;
      default -> ExitCode.REFUSED;
    };
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

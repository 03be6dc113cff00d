package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.cli.process.NodeStatus.FollowerReport;
import dev.quicksilver.cli.process.NodeStatus.SentReport;
import dev.quicksilver.cli.process.NodeStatus.SlotReport;
import dev.quicksilver.cli.process.NodeStatus.StandbyReport;
import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.gateway.Preparation;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.session.Gateway;
import dev.quicksilver.migrations.MigrationException;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.RootRole;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.lmdb.StorageException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** Sequences PostgreSQL's commits and serves the log. */
@Command(
    name = "root",
    description =
        "Sequences the commits of the central PostgreSQL and serves the log to followers.")
public final class RootCommand extends NodeCommand {
  private static final Logger LOG = LoggerFactory.getLogger(RootCommand.class);
  private static final Duration LEAST_SILENCE = Duration.ofSeconds(2);

  RootCommand() {
    super(Role.ROOT);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration, Reload reload) {
    NodeParts node = NodeParts.start(lifecycle, configuration, role());
    PostgresConnection postgres = PostgresConnection.open(configuration, lifecycle);
    List<Upstream> others = Upstreams.of(configuration);
    Preparation later = migrate(postgres, !others.isEmpty());
    GatewayConfig config = config(configuration, postgres);
    Optional<OtherRoots> standby =
        others.isEmpty()
            ? Optional.empty()
            : Optional.of(
                new OtherRoots(node, following(others, node, configuration, configuration)));
    standby.ifPresent(
        roots ->
            reload.taking(
                now -> roots.follow(following(Upstreams.of(now), node, now, configuration)),
                Settings.REPLICATION_UPSTREAMS,
                Settings.REPLICATION_SECONDARIES,
                Settings.REPLICATION_RETURN_AFTER,
                Settings.REPLICATION_BEHIND_LIMIT,
                Settings.REPLICATION_ASK_AGAIN_AFTER,
                Settings.REPLICATION_ON_DIVERGENCE));
    Gateway gateway =
        lifecycle.own(
            "gateway",
            Gateway.start(
                config,
                node.databases,
                node.subtree,
                standby.<Standby>map(roots -> roots).orElseGet(Standby::alone),
                later));
    Thread.ofVirtual().name("gateway-watch").start(() -> watch(gateway, lifecycle));

    StatusReporter reporter =
        new StatusReporter(configuration, role(), node::addresses, node.transport::certificates);
    node.ready(
        () -> {
          NodeStatus report =
              standby
                  .flatMap(OtherRoots::replica)
                  .map(
                      replica ->
                          ReplicaReports.status(replica, node, reporter, gateway.hindrance()))
                  .orElseGet(
                      () ->
                          status(
                              gateway,
                              node,
                              reporter,
                              missing(gateway, node, configuration.get(Settings.ROOT_STANDBYS))));
          String slot = gateway.slotName();
          return slot.isEmpty()
              ? report
              : report.withSlot(
                  new SlotReport(
                      slot,
                      gateway.retainedWal() < 0 ? null : Long.valueOf(gateway.retainedWal()),
                      gateway.isSynchronous(),
                      gateway.status().transactions(),
                      node.subtree.standbys().all().stream()
                          .map(one -> new StandbyReport(one.node(), one.held().toString()))
                          .toList()));
        },
        reload,
        () ->
            standby
                .flatMap(OtherRoots::replica)
                .map(ReplicaReports::following)
                .orElseGet(() -> following(gateway.status(), node.databases)),
        () -> silences(gateway, standby.flatMap(OtherRoots::replica)),
        http -> {
          SwitchOverCommand.serve(http, gateway);
          CopyRequests.serve(
              http,
              database ->
                  standby
                      .flatMap(OtherRoots::replica)
                      // One that PostgreSQL is away from may have what no other one has.
                      .filter(_ -> node.rootRole.now() != RootRole.Standing.ACTIVE)
                      .map(replica -> CopyRequests.Result.of(replica.copyAnew(database)))
                      .orElse(CopyRequests.Result.ROOT));
        });
  }

  /** How a root follows the active one; its own times are those that it was started with. */
  private static ReplicationConfig following(
      List<Upstream> others, NodeParts node, Configuration now, Configuration atStart) {
    return Upstreams.follow(others, node, now)
        .withWindow(atStart.get(Settings.ROOT_WINDOW))
        .withSilence(silence(atStart))
        .asStandby();
  }

  private static Map<String, Duration> silences(Gateway gateway, Optional<Replica> following) {
    Map<String, Duration> result = new HashMap<>();
    following.ifPresent(replica -> result.putAll(ReplicaReports.silences(replica)));
    result.put("sequencing", gateway.silence());
    return result;
  }

  /** A root says something each second, so a shorter silence is none. */
  private static Duration silence(Configuration configuration) {
    Duration takeOverAfter = configuration.get(Settings.ROOT_TAKE_OVER_AFTER);
    return takeOverAfter.compareTo(LEAST_SILENCE) < 0 ? LEAST_SILENCE : takeOverAfter;
  }

  /**
   * Migrates, and returns what is left of that. One of several roots starts also while PostgreSQL
   * is away, perhaps from it alone: what the active one sequences comes nevertheless.
   */
  private static Preparation migrate(PostgresConnection postgres, boolean hasOthers) {
    try {
      Migrations.migrate(postgres.url(), postgres.user(), postgres.password());
      return Preparation.NONE;
    } catch (MigrationException e) {
      if (!hasOthers || !LateMigration.mayGoBetter(e)) {
        throw e;
      }
      LOG.warn("{}; following the active root until it answers", e.getMessage());
      return new LateMigration(postgres);
    }
  }

  /** Why nothing is confirmed to PostgreSQL, and commits may wait; empty if nothing is missing. */
  private static Optional<String> missing(Gateway gateway, NodeParts node, int wanted) {
    long there =
        node.subtree.standbys().all().stream().map(Standbys.Standby::node).distinct().count();
    return there >= wanted
        ? Optional.empty()
        : Optional.of(
            Settings.ROOT_STANDBYS.key()
                + " is "
                + wanted
                + ", but the standby roots that follow are "
                + there
                + ": "
                + (gateway.isSynchronous() ? "commits wait" : "PostgreSQL keeps all WAL")
                + " until there are enough; start another root, or lower the setting and restart"
                + " this one");
  }

  private static NodeStatus status(
      Gateway gateway, NodeParts node, StatusReporter reporter, Optional<String> missing) {
    GatewayStatus status = gateway.status();
    boolean streaming = status.state() == GatewayStatus.State.STREAMING;
    DatabaseState state = States.of(status.state());
    return reporter
        .report(
            streaming
                ? missing
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
                        streaming ? 0.0 : null,
                        null)),
            followers(node.server),
            node.subtree)
        .withSent(sent(node.server))
        .withComplete(node.complete());
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
              lastSequence(database),
              streaming ? OptionalLong.of(System.currentTimeMillis()) : OptionalLong.empty(),
              streaming ? "" : status.lastProblem()));
    }
    return result;
  }

  /** One that cannot be read is no reason to say nothing of the others; its status says why. */
  private static long lastSequence(Database database) {
    try {
      return database.head().lastSequence();
    } catch (StorageException e) {
      return 0;
    }
  }

  private static GatewayConfig config(Configuration configuration, PostgresConnection postgres) {
    try {
      return GatewayConfig.of(postgres.url(), postgres.user(), postgres.password())
          .withWindow(configuration.get(Settings.ROOT_WINDOW))
          .withSlotName(configuration.find(Settings.ROOT_SLOT).orElse(""))
          .withConfirmAfter(configuration.get(Settings.ROOT_CONFIRM_AFTER))
          .withTakeOverAfter(configuration.get(Settings.ROOT_TAKE_OVER_AFTER))
          .withStandbys(configuration.get(Settings.ROOT_STANDBYS));
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
                    f.database(),
                    f.node(),
                    f.location(),
                    f.sentSequence(),
                    f.ackedSequence() < 0 ? null : Long.valueOf(f.ackedSequence())))
        .toList();
  }

  static SentReport sent(ReplicationServer server) {
    ReplicationServer.Traffic traffic = server.traffic();
    return new SentReport(traffic.bytes(), traffic.entries());
  }
}

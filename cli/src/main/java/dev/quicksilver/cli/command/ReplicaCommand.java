package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.NodeAddress;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus.RefusalReport;
import dev.quicksilver.cli.process.NodeStatus.UpstreamReport;
import dev.quicksilver.replication.DatabaseStatus;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.RefusalCount;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.replication.UpstreamChoice;
import dev.quicksilver.storage.Following;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** Follows an upstream and serves the log on: relay and replica are the same program. */
@Command(
    name = "replica",
    description = "Follows a root or another replica, and serves followers (a relay is a replica).")
public final class ReplicaCommand extends NodeCommand {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaCommand.class);

  ReplicaCommand() {
    super(Role.REPLICA);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration) {
    List<Upstream> upstreams = upstreams(configuration);
    NodeParts node = NodeParts.start(lifecycle, configuration, role());
    ReplicationConfig config =
        ReplicationConfig.of(node.identity, upstreams)
            .withWindow(configuration.get(Settings.REPLICATION_WINDOW))
            .withChoice(
                UpstreamChoice.DEFAULT
                    .withWellFor(configuration.get(Settings.REPLICATION_RETURN_AFTER))
                    .withAheadFor(configuration.get(Settings.REPLICATION_BEHIND_LIMIT)))
            .withAskAgain(configuration.get(Settings.REPLICATION_ASK_AGAIN_AFTER))
            .withOnDivergence(configuration.get(Settings.REPLICATION_ON_DIVERGENCE))
            .withTransport(node.transport.transport);
    warnOfUnnamed(config);
    Replica replica = lifecycle.own("replica", Replica.start(config, node.databases, node.subtree));
    StatusReporter reporter =
        new StatusReporter(configuration, role(), node::addresses, node.transport::certificates);
    node.ready(
        () -> {
          List<DatabaseStatus> following = replica.status();
          return reporter
              .report(
                  ReplicaHealth.problem(following, node.databases, replica.problem()),
                  node.databases.all(),
                  database ->
                      following.stream()
                          .filter(status -> status.database().equals(database.name()))
                          .findFirst()
                          .map(ReplicaCommand::progress),
                  RootCommand.followers(node.server),
                  node.subtree)
              .withComplete(node.complete())
              .withUpstreams(
                  following.stream().flatMap(ReplicaCommand::upstreams).toList(),
                  replica.refusals().stream().map(ReplicaCommand::refusal).toList());
        },
        () -> following(replica.status()),
        http -> CopyRequests.serve(http, replica::copyAnew));
  }

  private static List<Upstream> upstreams(Configuration configuration) {
    Stream<Upstream> primaries =
        configuration.get(Settings.REPLICATION_UPSTREAMS).stream().map(up -> upstream(up, false));
    Stream<Upstream> secondaries =
        configuration.get(Settings.REPLICATION_SECONDARIES).stream().map(up -> upstream(up, true));
    List<Upstream> all = Stream.concat(primaries, secondaries).toList();
    if (all.isEmpty()) {
      throw new ConfigurationException(
          Settings.REPLICATION_UPSTREAMS.key()
              + " is empty: name at least one node to pull from, in the configuration file, in "
              + Settings.REPLICATION_UPSTREAMS.variable()
              + " or with "
              + Settings.REPLICATION_UPSTREAMS.flag());
    }
    return all;
  }

  private static Upstream upstream(NodeAddress at, boolean secondary) {
    return new Upstream(at.endpoint().host(), at.endpoint().port(), secondary, at.name());
  }

  private static void warnOfUnnamed(ReplicationConfig config) {
    if (!config.transport().isSecure()) {
      return;
    }
    for (Upstream upstream : config.upstreams()) {
      if (upstream.node().isEmpty()) {
        LOG.warn(
            "upstream {} is given without its name: any node with a certificate could stand there;"
                + " write NODE@{}",
            upstream,
            upstream);
      }
    }
  }

  private static Stream<UpstreamReport> upstreams(DatabaseStatus status) {
    return status.upstreams().stream()
        .map(
            up ->
                new UpstreamReport(
                    status.database(),
                    up.upstream().toString(),
                    up.upstream().secondary() ? "secondary" : "primary",
                    up.result().name(),
                    up.node(),
                    up.lastSequence(),
                    up.detail()));
  }

  private static RefusalReport refusal(RefusalCount refused) {
    return new RefusalReport(refused.upstream().toString(), refused.code().name(), refused.count());
  }

  private static Map<String, Following> following(List<DatabaseStatus> all) {
    long now = System.currentTimeMillis();
    Map<String, Following> result = new TreeMap<>();
    for (DatabaseStatus status : all) {
      OptionalLong lag = status.lagMicros();
      result.put(
          status.database(),
          new Following(
              status.state().name(),
              status.upstream(),
              status.rootSequence(),
              lag.isPresent()
                  ? OptionalLong.of(now - Math.ceilDiv(lag.getAsLong(), 1000))
                  : OptionalLong.empty(),
              problem(status)));
    }
    return result;
  }

  /** The reason of a state that is as it should be is no problem. */
  private static String problem(DatabaseStatus status) {
    if (!status.contradiction().isEmpty()) {
      return status.contradiction();
    }
    return status.state() == FollowerState.STREAMING ? "" : status.reason();
  }

  private static StatusReporter.Progress progress(DatabaseStatus status) {
    return new StatusReporter.Progress(
        status.state().name(),
        status.reason(),
        status.contradiction(),
        status.upstream(),
        status.upstreamSequence(),
        status.copy(),
        status.rootSequence(),
        SubtreeReports.seconds(status.lagMicros()));
  }
}

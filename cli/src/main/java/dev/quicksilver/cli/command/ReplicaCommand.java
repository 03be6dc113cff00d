package dev.quicksilver.cli.command;

import dev.quicksilver.cli.command.CopyRequests.Result;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.replication.Upstream;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Follows an upstream and serves the log on: relay and replica are the same program. */
@Command(
    name = "replica",
    description = "Follows a root or another replica, and serves followers (a relay is a replica).")
public final class ReplicaCommand extends NodeCommand {
  /** The name of a replica's file below {@code run/}, and of a root's. */
  public static final String PROCESS_NAME = NodeParts.PROCESS_NAME;

  ReplicaCommand() {
    super(Role.REPLICA);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration, Reload reload) {
    List<Upstream> upstreams = Upstreams.required(configuration);
    NodeParts node = NodeParts.start(lifecycle, configuration, role());
    LiveReplica replica =
        lifecycle.own(
            "replica", new LiveReplica(node, Upstreams.follow(upstreams, node, configuration)));
    reload.taking(
        now -> replica.follow(Upstreams.follow(Upstreams.required(now), node, now)),
        Settings.REPLICATION_UPSTREAMS,
        Settings.REPLICATION_SECONDARIES,
        Settings.REPLICATION_WINDOW,
        Settings.REPLICATION_RETURN_AFTER,
        Settings.REPLICATION_BEHIND_LIMIT,
        Settings.REPLICATION_ASK_AGAIN_AFTER,
        Settings.REPLICATION_ON_DIVERGENCE);
    StatusReporter reporter =
        new StatusReporter(configuration, role(), node::addresses, node.transport::certificates);
    node.ready(
        () -> ReplicaReports.status(replica.now(), node, reporter, Optional.empty()),
        reload,
        () -> ReplicaReports.following(replica.now()),
        () -> ReplicaReports.silences(replica.now()),
        http -> CopyRequests.serve(http, name -> Result.of(replica.now().copyAnew(name))));
  }
}

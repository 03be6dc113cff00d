package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.ReceivedReport;
import dev.quicksilver.cli.process.NodeStatus.RefusalReport;
import dev.quicksilver.cli.process.NodeStatus.UpstreamReport;
import dev.quicksilver.replication.DatabaseStatus;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.RefusalCount;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.storage.Following;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a node says of how it follows others. Stateless. */
final class ReplicaReports {
  private ReplicaReports() {}

  /**
   * Returns the status of this moment.
   *
   * @param problem what is wrong beside what the replica knows of
   */
  static NodeStatus status(
      Replica replica, NodeParts node, StatusReporter reporter, Optional<String> problem) {
    List<DatabaseStatus> following = replica.status();
    return reporter
        .report(
            problem.or(() -> ReplicaHealth.problem(following, node.databases, replica.problem())),
            node.databases.all(),
            database ->
                following.stream()
                    .filter(status -> status.database().equals(database.name()))
                    .findFirst()
                    .map(ReplicaReports::progress),
            RootCommand.followers(node.server),
            node.subtree)
        .withComplete(node.complete())
        .withSent(RootCommand.sent(node.server))
        .withUpstreams(
            following.stream().flatMap(ReplicaReports::upstreams).toList(),
            replica.refusals().stream().map(ReplicaReports::refusal).toList());
  }

  private static Stream<UpstreamReport> upstreams(DatabaseStatus status) {
    return status.upstreams().stream()
        .map(
            up ->
                new UpstreamReport(
                    status.database(),
                    up.upstream().toString(),
                    up.upstream().secondary() ? "secondary" : "primary",
                    up.result(),
                    up.node(),
                    up.lastSequence(),
                    up.detail()));
  }

  private static RefusalReport refusal(RefusalCount refused) {
    return new RefusalReport(refused.upstream().toString(), refused.code().name(), refused.count());
  }

  /** Returns for how long each database's thread has done nothing although something is due. */
  static Map<String, Duration> silences(Replica replica) {
    Map<String, Duration> result = new HashMap<>();
    replica.silences().forEach((name, silence) -> result.put("following " + name, silence));
    return result;
  }

  /** Returns what bridges of this machine are told. */
  static Map<String, Following> following(Replica replica) {
    List<DatabaseStatus> all = replica.status();
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
        States.of(status.state()),
        status.reason(),
        status.contradiction(),
        status.upstream(),
        status.upstreamSequence(),
        status.copy(),
        status.rootSequence() > 0 ? Long.valueOf(status.rootSequence()) : null,
        SubtreeReports.seconds(status.lagMicros()),
        new ReceivedReport(status.receivedBytes(), status.connections(), status.switches()));
  }
}

package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.replication.NodeAck;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeProblem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Turns what is known of the nodes below this one into what the status says of them. Stateless. */
final class SubtreeReports {
  private SubtreeReports() {}

  /**
   * Returns one report for each node and database, by database and then in the order given.
   *
   * @param databases this node's own, against which lag is counted
   * @param below by database, as {@link dev.quicksilver.replication.Subtree#nodes()} returns them;
   *     those of a database that is gone here are left out
   * @param lag in µs, as {@link dev.quicksilver.replication.Subtree#lagMicros} returns it
   */
  static List<SubtreeReport> nodes(
      List<DatabaseReport> databases,
      Map<String, List<NodeBelow>> below,
      Function<NodeAck, OptionalLong> lag) {
    List<SubtreeReport> result = new ArrayList<>();
    for (DatabaseReport database : databases) {
      long known = database.sequence() + Objects.requireNonNullElse(database.lag(), 0L);
      for (NodeBelow node : below.getOrDefault(database.name(), List.of())) {
        NodeAck ack = node.ack();
        result.add(
            new SubtreeReport(
                database.name(),
                ack.node(),
                ack.location(),
                ack.upstream(),
                ack.sequence(),
                Math.max(0, known - ack.sequence()),
                ack.commitTime(),
                seconds(lag.apply(ack)),
                States.of(ack.state()),
                node.instance().toString(),
                node.problem().map(NodeProblem::name).orElse("")));
      }
    }
    return result;
  }

  /** Returns µs as seconds, null for none. */
  static @Nullable Double seconds(OptionalLong micros) {
    return micros.isPresent() ? Double.valueOf(micros.getAsLong() / 1e6) : null;
  }

  /** Merges nodes into one report for each database and location, sorted by both. */
  static List<LocationReport> locations(List<SubtreeReport> nodes) {
    Map<String, Map<String, List<SubtreeReport>>> grouped = new TreeMap<>();
    for (SubtreeReport node : nodes) {
      grouped
          .computeIfAbsent(node.database(), _ -> new TreeMap<>())
          .computeIfAbsent(node.location(), _ -> new ArrayList<>())
          .add(node);
    }
    return grouped.values().stream()
        .flatMap(locations -> locations.values().stream())
        .map(SubtreeReports::merge)
        .toList();
  }

  private static LocationReport merge(List<SubtreeReport> nodes) {
    SubtreeReport any = nodes.getFirst();
    long[] sequences = nodes.stream().mapToLong(SubtreeReport::sequence).sorted().toArray();
    return new LocationReport(
        any.database(),
        any.location(),
        nodes.size(),
        sequences[0],
        sequences[(sequences.length - 1) / 2],
        nodes.stream().mapToLong(SubtreeReport::lag).max().orElse(0),
        nodes.stream()
            .map(SubtreeReport::lagSeconds)
            .flatMap(Stream::ofNullable)
            .max(Comparator.naturalOrder())
            .orElse(null),
        nodes.stream()
            .collect(Collectors.toMap(SubtreeReport::state, _ -> 1, Integer::sum, TreeMap::new)));
  }
}

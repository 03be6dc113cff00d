package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.NodeAck;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeProblem;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SubtreeReportsTest {
  @Test
  void countsLagAgainstTheNewestSequenceThisNodeKnowsOf() {
    assertThat(
            SubtreeReports.nodes(
                List.of(database("dns", 90, 100)),
                Map.of("dns", List.of(ack("edge-1", 70))),
                _ -> OptionalLong.of(2_500_000)))
        .containsExactly(
            new SubtreeReport(
                "dns",
                "edge-1",
                "fra",
                "relay-1",
                70,
                30,
                5,
                2.5,
                DatabaseState.STREAMING,
                "00000000-0000-0007-0000-000000000007",
                "NAME_IN_USE"));
  }

  @Test
  void aNodeAheadOfThisOneHasNoLag() {
    assertThat(
            SubtreeReports.nodes(
                List.of(database("dns", 5, 5)),
                Map.of("dns", List.of(ack("edge-1", 9))),
                _ -> OptionalLong.of(2_500_000)))
        .extracting(SubtreeReport::lag)
        .containsExactly(0L);
  }

  @Test
  void leavesOutTheAcksOfADatabaseThatIsGoneHere() {
    assertThat(
            SubtreeReports.nodes(
                List.of(database("dns", 5, 5)),
                Map.of("gone", List.of(ack("edge-1", 9))),
                _ -> OptionalLong.of(2_500_000)))
        .isEmpty();
  }

  @Test
  void mergesTheNodesOfEachDatabaseAndLocation() {
    List<LocationReport> merged =
        SubtreeReports.locations(
            List.of(
                node("dns", "edge-1", "lhr", "relay-2", 10, 0),
                node("dns", "edge-2", "fra", "relay-1", 4, 6),
                node("dns", "edge-3", "fra", "relay-1", 10, 0),
                node("dns", "edge-4", "fra", "relay-1", 9, 1),
                node("certs", "edge-2", "fra", "relay-1", 3, 0)));

    assertThat(merged)
        .containsExactly(
            new LocationReport("certs", "fra", 1, 3, 3, 0, 0.0, Map.of(DatabaseState.STREAMING, 1)),
            new LocationReport("dns", "fra", 3, 4, 9, 6, 6.0, Map.of(DatabaseState.STREAMING, 3)),
            new LocationReport(
                "dns", "lhr", 1, 10, 10, 0, 0.0, Map.of(DatabaseState.STREAMING, 1)));
  }

  @Test
  void ofTwoNodesTheMedianIsTheLowerOne() {
    assertThat(
            SubtreeReports.locations(
                List.of(
                    node("dns", "edge-1", "fra", "relay-1", 8, 2),
                    node("dns", "edge-2", "fra", "relay-1", 6, 4))))
        .containsExactly(
            new LocationReport("dns", "fra", 2, 6, 6, 4, 4.0, Map.of(DatabaseState.STREAMING, 2)));
  }

  private static NodeBelow ack(String node, long sequence) {
    return new NodeBelow(
        new UUID(7, 7),
        new NodeAck("dns", node, "fra", "relay-1", FollowerState.STREAMING, sequence, 5, 6, 7),
        Optional.of(NodeProblem.NAME_IN_USE));
  }

  private static SubtreeReport node(
      String database, String node, String location, String upstream, long sequence, long lag) {
    return new SubtreeReport(
        database,
        node,
        location,
        upstream,
        sequence,
        lag,
        5,
        (double) lag,
        DatabaseState.STREAMING,
        "id",
        "");
  }

  private static DatabaseReport database(String name, long sequence, long upstreamSequence) {
    return new DatabaseReport(
        name,
        "",
        sequence,
        1,
        0,
        "",
        "",
        "",
        0,
        DatabaseState.STREAMING,
        "",
        "",
        "root",
        upstreamSequence,
        0,
        0,
        null,
        null,
        null,
        NodeStatus.StorageReport.NONE);
  }
}

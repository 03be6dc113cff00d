package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.replication.NodeAck;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SubtreeReportsTest {
  @Test
  void countsLagAgainstTheNewestSequenceThisNodeKnowsOf() {
    assertThat(
            SubtreeReports.nodes(
                List.of(database("dns", 90, 100)),
                Map.of("dns", List.of(new NodeAck("edge-1", "fra", "relay-1", 70)))))
        .containsExactly(new SubtreeReport("dns", "edge-1", "fra", "relay-1", 70, 30));
  }

  @Test
  void aNodeAheadOfThisOneHasNoLag() {
    assertThat(
            SubtreeReports.nodes(
                List.of(database("dns", 5, 5)),
                Map.of("dns", List.of(new NodeAck("edge-1", "fra", "relay-1", 9)))))
        .extracting(SubtreeReport::lag)
        .containsExactly(0L);
  }

  @Test
  void leavesOutTheAcksOfADatabaseThatIsGoneHere() {
    assertThat(
            SubtreeReports.nodes(
                List.of(database("dns", 5, 5)),
                Map.of("gone", List.of(new NodeAck("edge-1", "fra", "relay-1", 9)))))
        .isEmpty();
  }

  @Test
  void mergesTheNodesOfEachDatabaseAndLocation() {
    List<LocationReport> merged =
        SubtreeReports.locations(
            List.of(
                new SubtreeReport("dns", "edge-1", "lhr", "relay-2", 10, 0),
                new SubtreeReport("dns", "edge-2", "fra", "relay-1", 4, 6),
                new SubtreeReport("dns", "edge-3", "fra", "relay-1", 10, 0),
                new SubtreeReport("dns", "edge-4", "fra", "relay-1", 9, 1),
                new SubtreeReport("certs", "edge-2", "fra", "relay-1", 3, 0)));

    assertThat(merged)
        .containsExactly(
            new LocationReport("certs", "fra", 1, 3, 3, 0),
            new LocationReport("dns", "fra", 3, 4, 9, 6),
            new LocationReport("dns", "lhr", 1, 10, 10, 0));
  }

  @Test
  void ofTwoNodesTheMedianIsTheLowerOne() {
    assertThat(
            SubtreeReports.locations(
                List.of(
                    new SubtreeReport("dns", "edge-1", "fra", "relay-1", 8, 2),
                    new SubtreeReport("dns", "edge-2", "fra", "relay-1", 6, 4))))
        .containsExactly(new LocationReport("dns", "fra", 2, 6, 6, 4));
  }

  private static DatabaseReport database(String name, long sequence, long upstreamSequence) {
    return new DatabaseReport(
        name, "", sequence, 1, 0, "", "", "", 0, "STREAMING", "", "root", upstreamSequence, 0, 0);
  }
}

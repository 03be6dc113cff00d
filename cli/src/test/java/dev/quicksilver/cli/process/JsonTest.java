package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The JSON of one version is read by another. */
final class JsonTest {
  @Test
  void theStatusOfALaterVersionIsRead() throws JsonProcessingException {
    NodeStatus status =
        new NodeStatus(
            "1",
            "replica",
            "edge-1",
            "fra",
            1,
            2,
            true,
            "",
            new NodeStatus.HealthReport(
                NodeStatus.Verdict.YES, NodeStatus.Verdict.no("copies"), NodeStatus.Verdict.YES),
            Map.of(),
            List.of(
                new NodeStatus.DatabaseReport(
                    "dns",
                    "",
                    8,
                    1,
                    0,
                    "",
                    "",
                    "",
                    0,
                    NodeStatus.DatabaseState.COPYING,
                    "",
                    "",
                    "root",
                    9L,
                    4,
                    5,
                    null,
                    1.5,
                    null,
                    NodeStatus.StorageReport.NONE)),
            List.of(),
            List.of(),
            0,
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            List.of(),
            5,
            6,
            List.of(),
            List.of(),
            null,
            null,
            "9@1:0/A");
    ObjectNode later = Json.MAPPER.valueToTree(status);
    later.put("added_later", 5);
    ((ObjectNode) later.get("databases").get(0)).put("also_later", "x");
    assertThat(Json.MAPPER.treeToValue(later, NodeStatus.class)).isEqualTo(status);

    ((ObjectNode) later.get("databases").get(0)).put("state", "LEVITATING");
    assertThat(Json.MAPPER.treeToValue(later, NodeStatus.class).databases().getFirst().state())
        .isEqualTo(NodeStatus.DatabaseState.UNKNOWN);
  }

  @Test
  void whatIsNotKnownIsAbsent() throws JsonProcessingException {
    String json =
        Json.MAPPER.writeValueAsString(
            new NodeStatus.SubtreeReport(
                "dns",
                "edge-1",
                "fra",
                "root",
                1,
                2,
                3,
                null,
                NodeStatus.DatabaseState.STREAMING,
                "",
                ""));
    assertThat(json).contains("\"state\" : \"STREAMING\"").doesNotContain("lag_seconds");
  }

  @Test
  void whatAnEarlierVersionDidNotKnowIsAbsent() throws JsonProcessingException {
    NodeStatus.DatabaseReport database =
        Json.MAPPER.readValue(
            """
            {"name": "dns", "sequence": 7, "state": "SERVING", "upstream_sequence": -1,
             "root_sequence": -1, "lag_seconds": -1.0}
            """,
            NodeStatus.DatabaseReport.class);
    assertThat(database.lag()).isNull();
    assertThat(database.lagSeconds()).isNull();
  }
}

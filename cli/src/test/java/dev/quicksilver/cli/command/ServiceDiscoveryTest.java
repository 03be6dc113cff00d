package dev.quicksilver.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.command.ServiceDiscovery.Group;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.NodeAck;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.NodeRun;
import dev.quicksilver.replication.ScrapeAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus is told, and from where it is known. */
final class ServiceDiscoveryTest {
  private static final NodeIdentity SELF =
      NodeIdentity.create(new UUID(1, 1), "root \"a\"\n\u202e{}", "fra");

  private static NodeBelow below(String node, ScrapeAddress... addresses) {
    UUID id = UUID.nameUUIDFromBytes(node.getBytes(UTF_8));
    NodeAck ack =
        new NodeAck(
            "quicksilver",
            node,
            "ams",
            "root",
            FollowerState.STREAMING,
            1,
            2,
            3,
            4,
            new NodeRun(id, id, 1),
            id,
            List.of(addresses));
    return new NodeBelow(id, ack, Optional.empty());
  }

  @Test
  void listsProcessesInTheOrderOfNodesAndLeavesOutThoseThatSayNothing() throws Exception {
    List<NodeBelow> below =
        List.of(
            below("edge-1"),
            below(
                "tail-2",
                new ScrapeAddress("replica", true, "tail-2:7490"),
                new ScrapeAddress("serve", true, "[fd00::2]:7491")));
    List<Group> groups =
        new ServiceDiscovery(
                SELF,
                false,
                () -> List.of(new ScrapeAddress("root", false, "10.0.0.1:7490")),
                () -> below,
                () -> 0)
            .groups();
    JsonNode said = Json.MAPPER.readTree(Json.MAPPER.writeValueAsBytes(groups));
    assertThat(said.findValuesAsText("targets").size()).isEqualTo(3);
    assertThat(said.get(0).toString())
        .isEqualTo(
            "{\"targets\":[\"10.0.0.1:7490\"],\"labels\":{\"__meta_quicksilver_instance_id\":"
                + "\"00000000-0000-0001-0000-000000000001\",\"__meta_quicksilver_location\":\"fra\",\"__meta_quicksilver_node\":\"root"
                + " \\\"a\\\"\\n"
                + "\u202e{}\",\"__meta_quicksilver_role\":\"root\",\"__scheme__\":\"http\"}}");
    assertThat(said.get(1).at("/targets/0").asText()).isEqualTo("tail-2:7490");
    assertThat(said.get(1).at("/labels/__scheme__").asText()).isEqualTo("https");
    assertThat(said.get(2).at("/targets/0").asText()).isEqualTo("[fd00::2]:7491");
    assertThat(said.get(2).at("/labels/__meta_quicksilver_node").asText()).isEqualTo("tail-2");
    assertThat(said.get(2).at("/labels/__meta_quicksilver_role").asText()).isEqualTo("serve");
  }

  @Test
  void aNodeThatIsGoneStaysForAnHourUnlessAnotherOneHasItsAddress() {
    NodeBelow one = below("edge-1", new ScrapeAddress("replica", false, "10.0.0.1:1"));
    NodeBelow two = below("edge-2", new ScrapeAddress("replica", false, "10.0.0.2:1"));
    NodeBelow anew = below("edge-3", new ScrapeAddress("replica", false, "10.0.0.2:1"));
    List<NodeBelow> below = new ArrayList<>(List.of(one, two));
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE);
    ServiceDiscovery list =
        new ServiceDiscovery(SELF, false, List::of, () -> List.copyOf(below), nanos::get);
    assertThat(nodes(list)).containsExactly("edge-1", "edge-2");
    below.clear();
    nanos.addAndGet(TimeUnit.MINUTES.toNanos(59));
    assertThat(nodes(list)).containsExactly("edge-1", "edge-2");
    below.add(anew);
    assertThat(nodes(list)).containsExactly("edge-1", "edge-3");
    nanos.addAndGet(TimeUnit.MINUTES.toNanos(1));
    assertThat(nodes(list)).containsExactly("edge-3");
  }

  @Test
  void withTlsNothingIsListedThatWouldBeAskedInPlainText() {
    List<NodeBelow> below =
        List.of(
            below("edge-1", new ScrapeAddress("replica", false, "attacker:80")),
            below("edge-2", new ScrapeAddress("replica", true, "10.0.0.2:1")));
    ScrapeAddress plain = new ScrapeAddress("bridge", false, "10.0.0.1:2");
    assertThat(nodes(new ServiceDiscovery(SELF, true, () -> List.of(plain), () -> below, () -> 0)))
        .containsExactly("edge-2");
    assertThat(nodes(new ServiceDiscovery(SELF, false, () -> List.of(plain), () -> below, () -> 0)))
        .containsExactly("edge-1", "edge-2", SELF.name());
  }

  @Test
  void whatIsNoHostAndPortIsNotListed() {
    List<NodeBelow> below = new ArrayList<>();
    for (String address :
        List.of(
            "a:1",
            "bücher.example:7490",
            "[fd00::1]:65535",
            "a",
            "a:",
            "a:1/x",
            "u@a:1",
            "a:1?x",
            "a b:1",
            "a\n:1",
            "[x]:1",
            ":1",
            "a:b:1")) {
      below.add(below(address, new ScrapeAddress("replica", true, address)));
    }
    ServiceDiscovery list = new ServiceDiscovery(SELF, true, List::of, () -> below, () -> 0);
    assertThat(nodes(list))
        .containsExactlyInAnyOrder("a:1", "bücher.example:7490", "[fd00::1]:65535");
  }

  private static List<String> nodes(ServiceDiscovery list) {
    return list.groups().stream()
        .map(group -> group.labels().getOrDefault("__meta_quicksilver_node", ""))
        .toList();
  }

  @Test
  void aNodeSaysWhereItAndTheProcessesBesideItAreScraped(@TempDir Path data) throws Exception {
    Map<String, String> own = new HashMap<>(Map.of("http", "127.0.0.1:1"));
    AtomicLong nanos = new AtomicLong(Long.MAX_VALUE);
    ScrapeAddresses addresses = new ScrapeAddresses("replica", data, own, nanos::get);
    assertThat(addresses.now()).isEmpty();
    own.put("scrape", "http://10.0.0.1:7490");
    try (ProcessFile file = ProcessFile.claim(data, "serve")) {
      file.publish(
          new ProcessFile.Content(
              "serve", ProcessHandle.current().pid(), Map.of("scrape", "https://10.0.0.1:7491")));
      assertThat(addresses.now()).as("what is fresh is not read again").isEmpty();
      nanos.addAndGet(2_000_000_000L);
      assertThat(addresses.now())
          .containsExactly(
              new ScrapeAddress("replica", false, "10.0.0.1:7490"),
              new ScrapeAddress("serve", true, "10.0.0.1:7491"));
    }
    own.put("scrape", "http://" + "x".repeat(300));
    nanos.addAndGet(2_000_000_000L);
    assertThat(addresses.now()).isEmpty();
  }
}

package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ScrapeAddress;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.DatabaseSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Lists for Prometheus where a node and all below it serve their metrics, in the form that its
 * {@code http_sd_configs} asks for: <a
 * href="https://prometheus.io/docs/prometheus/latest/http_sd/">Prometheus, HTTP SD</a>. A node that
 * does not say where it is scraped is not in the list. One that is gone stays there for an hour:
 * Prometheus forgets at once what is not listed, and would never say that it is down. Thread-safe.
 */
final class ServiceDiscovery {
  private static final String META = "__meta_quicksilver_";
  private static final String NODE = META + "node";
  private static final String INSTANCE = META + "instance_id";
  private static final String ROLE = META + "role";
  private static final long KEPT_NANOS = TimeUnit.HOURS.toNanos(1);

  /** Processes that are gone are not kept beyond so many in the list. */
  private static final int MOST_KEPT = 100_000;

  private static final Comparator<Group> ORDER =
      Comparator.comparing((Group group) -> group.label(NODE))
          .thenComparing(group -> group.label(INSTANCE))
          .thenComparing(group -> group.label(ROLE))
          .thenComparing(group -> group.targets().getFirst());

  private final NodeIdentity self;
  private final Supplier<List<ScrapeAddress>> own;
  private final Supplier<List<NodeBelow>> below;
  private final LongSupplier nanos;

  /** By address. */
  private final Map<String, Seen> seen = new HashMap<>();

  /** When somebody who asked was last told of it as running. */
  private record Seen(Group group, long at) {}

  /**
   * Targets of the same labels.
   *
   * @param targets {@code host:port}
   * @param labels by name
   */
  record Group(List<String> targets, Map<String, String> labels) {
    private String label(String name) {
      return labels.getOrDefault(name, "");
    }
  }

  /**
   * Makes a list in which nothing is yet.
   *
   * @param own addresses of this node, and of processes beside it
   * @param below what nodes below have said of the catalog
   * @param nanos a clock that only goes on, in ns
   */
  ServiceDiscovery(
      NodeIdentity self,
      Supplier<List<ScrapeAddress>> own,
      Supplier<List<NodeBelow>> below,
      LongSupplier nanos) {
    this.self = self;
    this.own = own;
    this.below = below;
    this.nanos = nanos;
  }

  /** Makes the list of a node and of what has reported to it. */
  static ServiceDiscovery of(NodeIdentity self, ScrapeAddresses own, Subtree subtree) {
    return new ServiceDiscovery(
        self, own::now, () -> subtree.nodes(DatabaseSet.CATALOG), System::nanoTime);
  }

  /** Serves the list at {@code /sd}. */
  void serve(HttpEndpoint http) {
    http.serve(
        "/sd", _ -> new Answer(200, "application/json", Json.MAPPER.writeValueAsBytes(groups())));
  }

  /** Returns one group for each process, by name and id of the node and role of the process. */
  synchronized List<Group> groups() {
    List<Group> running = new ArrayList<>();
    add(running, own.get(), self.name(), self.location(), self.run().instance());
    for (NodeBelow node : below.get()) {
      add(running, node.ack().scrape(), node.ack().node(), node.ack().location(), node.instance());
    }
    return withThoseGone(running);
  }

  private List<Group> withThoseGone(List<Group> running) {
    long now = nanos.getAsLong();
    seen.values().removeIf(one -> now - one.at() >= KEPT_NANOS);
    Map<String, Group> gone = new HashMap<>();
    seen.forEach((address, one) -> gone.put(address, one.group()));
    for (Group group : running) {
      String address = group.targets().getFirst();
      gone.remove(address);
      if (seen.size() < MOST_KEPT || seen.containsKey(address)) {
        seen.put(address, new Seen(group, now));
      }
    }
    Collection<Group> all = new ArrayList<>(running);
    all.addAll(gone.values());
    return all.stream().sorted(ORDER).toList();
  }

  private static void add(
      List<Group> groups,
      List<ScrapeAddress> addresses,
      String node,
      String location,
      UUID instance) {
    for (ScrapeAddress address : addresses) {
      Map<String, String> labels = new TreeMap<>();
      labels.put("__scheme__", address.secure() ? "https" : "http");
      labels.put(NODE, node);
      labels.put(META + "location", location);
      labels.put(ROLE, address.role());
      labels.put(INSTANCE, instance.toString());
      groups.add(new Group(List.of(address.address()), labels));
    }
  }
}

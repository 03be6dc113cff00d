package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ScrapeAddress;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.DatabaseSet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists for Prometheus where a node and all below it serve their metrics, in the form that its
 * {@code http_sd_configs} asks for: <a
 * href="https://prometheus.io/docs/prometheus/latest/http_sd/">Prometheus, HTTP SD</a>. A node that
 * does not say where it is scraped is not in the list. One that is gone stays there for an hour:
 * Prometheus forgets at once what is not listed, and would never say that it is down. Thread-safe.
 *
 * <p>What a node below says is believed, and Prometheus goes where the list sends it, with the
 * token of the job. So a node that is scraped with TLS lists nothing that would be asked in plain
 * text, and nothing lists what is no {@code host:port}; what is left out is in the log.
 */
final class ServiceDiscovery {
  private static final String META = "__meta_quicksilver_";
  private static final String NODE = META + "node";
  private static final String INSTANCE = META + "instance_id";
  private static final String ROLE = META + "role";
  private static final long KEPT_NANOS = TimeUnit.HOURS.toNanos(1);

  /** Or a path, a user or another host could stand in it. */
  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[\\p{L}\\p{N}._-]+):[0-9]{1,5}");

  /** So many addresses that are left out are in the log, each once. */
  private static final int MOST_LOGGED = 100;

  private static final Logger LOG = LoggerFactory.getLogger(ServiceDiscovery.class);

  /** Processes that are gone are not kept beyond so many in the list. */
  private static final int MOST_KEPT = 100_000;

  private static final Comparator<Group> ORDER =
      Comparator.comparing((Group group) -> group.label(NODE))
          .thenComparing(group -> group.label(INSTANCE))
          .thenComparing(group -> group.label(ROLE))
          .thenComparing(group -> group.targets().getFirst());

  private final NodeIdentity self;
  private final boolean secureOnly;
  private final Supplier<List<ScrapeAddress>> own;
  private final Supplier<List<NodeBelow>> below;
  private final LongSupplier nanos;

  /** By address. */
  private final Map<String, Seen> seen = new HashMap<>();

  private final Set<ScrapeAddress> logged = new HashSet<>();

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
   * @param secureOnly whether only what is asked with HTTPS is listed
   * @param own addresses of this node, and of processes beside it
   * @param below what nodes below have said of the catalog
   * @param nanos a clock that only goes on, in ns
   */
  ServiceDiscovery(
      NodeIdentity self,
      boolean secureOnly,
      Supplier<List<ScrapeAddress>> own,
      Supplier<List<NodeBelow>> below,
      LongSupplier nanos) {
    this.self = self;
    this.secureOnly = secureOnly;
    this.own = own;
    this.below = below;
    this.nanos = nanos;
  }

  /**
   * Makes the list of a node and of what has reported to it.
   *
   * @param secureOnly whether only what is asked with HTTPS is listed
   */
  static ServiceDiscovery of(
      NodeIdentity self, boolean secureOnly, ScrapeAddresses own, Subtree subtree) {
    return new ServiceDiscovery(
        self, secureOnly, own::now, () -> subtree.nodes(DatabaseSet.CATALOG), System::nanoTime);
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

  private void add(
      List<Group> groups,
      List<ScrapeAddress> addresses,
      String node,
      String location,
      UUID instance) {
    for (ScrapeAddress address : addresses) {
      if (!isListed(address, instance)) {
        continue;
      }
      Map<String, String> labels = new TreeMap<>();
      labels.put("__scheme__", address.secure() ? "https" : "http");
      labels.put(NODE, node);
      labels.put(META + "location", location);
      labels.put(ROLE, address.role());
      labels.put(INSTANCE, instance.toString());
      groups.add(new Group(List.of(address.address()), labels));
    }
  }

  private boolean isListed(ScrapeAddress address, UUID instance) {
    boolean isWellFormed = HOST_AND_PORT.matcher(address.address()).matches();
    if (isWellFormed && (address.secure() || !secureOnly)) {
      return true;
    }
    if (logged.size() < MOST_LOGGED && logged.add(address)) {
      LOG.warn(
          "{} of instance {} is not listed at /sd, since {}; it is not scraped",
          Text.quoted(address.address().getBytes(StandardCharsets.UTF_8)),
          instance,
          isWellFormed
              ? "it is asked in plain text and this node has http.tls-certificate: Prometheus would"
                  + " send its token there for all to read; give that process a certificate, too"
              : "it is no host:port; correct its http.advertise");
    }
    return false;
  }
}

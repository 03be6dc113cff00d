package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a process tells its upstreams: of itself, and of the nodes below it, a bounded number of
 * them at a time in the order of their names, round and round. Thread-safe.
 */
final class Reports {
  private final NodeIdentity node;
  private final Subtree subtree;
  private final Supplier<List<NodeAck>> own;
  private final Supplier<List<ScrapeAddress>> scrape;
  private final LongSupplier clock;
  private final int most;
  private final AtomicLong lastSaid;
  private AckKey after = AckKey.FIRST;

  /**
   * Makes reports.
   *
   * @param own what this process says of each database that it follows
   * @param scrape where its metrics, and those of processes beside it, can be scraped
   * @param clock µs since 1970-01-01 UTC
   * @param most nodes in one report
   */
  Reports(
      NodeIdentity node,
      Subtree subtree,
      Supplier<List<NodeAck>> own,
      Supplier<List<ScrapeAddress>> scrape,
      LongSupplier clock,
      int most) {
    this.node = node;
    this.subtree = subtree;
    this.own = own;
    this.scrape = scrape;
    this.clock = clock;
    this.most = most;
    this.lastSaid = new AtomicLong(node.run().started()); // also on a clock that is set back
  }

  Subtree subtree() {
    return subtree;
  }

  /** Returns what this node says of a database now, in whatever version. */
  NodeAck ack(String database, FollowerState state, FollowerCounters counters) {
    long now = clock.getAsLong();
    return new NodeAck(
        database,
        node.name(),
        node.location(),
        counters.upstreamName(),
        state,
        counters.durableSequence(),
        counters.durableCommitTime(),
        subtree.roots().find(database).map(RootLag::asOf).orElse(0L),
        lastSaid.updateAndGet(last -> Math.max(last + 1, now)),
        node.run(),
        counters.databaseId(),
        database.equals(CatalogPair.CATALOG) ? scrape.get() : List.of());
  }

  /**
   * Returns the next nodes of the round, this one among them.
   *
   * @param version of the conversation; before it knew instances, nodes of one name are one node
   */
  synchronized SubtreeAcks next(int version) {
    NavigableMap<AckKey, NodeAck> all = new TreeMap<>();
    subtree.after(after, most + 1).forEach(ack -> all.put(ack.key(), ack));
    own.get().stream()
        .filter(ack -> ack.key().compareTo(after) > 0)
        .sorted(Comparator.comparing(NodeAck::key))
        .limit(most + 1L)
        .forEach(ack -> all.put(ack.key(), ack));
    List<NodeAck> nodes = new ArrayList<>(all.values());
    int fitting = fitting(nodes);
    boolean last = fitting == nodes.size();
    List<NodeAck> page = nodes.subList(0, fitting);
    boolean namesOnly = version < ProtocolVersions.WITH_INSTANCES;
    SubtreeAcks report = new SubtreeAcks(after, last, namesOnly ? merged(page) : page);
    NodeAck end = last ? null : page.getLast();
    if (end == null) {
      after = AckKey.FIRST;
    } else {
      after = namesOnly ? AckKey.after(end.database(), end.node()) : end.key();
    }
    return report;
  }

  /** Returns how many of these, from the first on, go into one report. */
  private int fitting(List<NodeAck> nodes) {
    int bytes = 0;
    for (int i = 0; i < nodes.size(); i++) {
      bytes += AckCodec.length(nodes.get(i));
      if (i == most || bytes > Protocol.MAX_REPORTED_BYTES) {
        return i;
      }
    }
    return nodes.size();
  }

  /** Returns one report for each name, the latest: that is all that version 1 has room for. */
  private static List<NodeAck> merged(List<NodeAck> page) {
    NavigableMap<AckKey, NodeAck> byName = new TreeMap<>();
    for (NodeAck ack : page) {
      byName.merge(ack.onlyNamed().key(), ack.onlyNamed(), (a, b) -> a.said() >= b.said() ? a : b);
    }
    return List.copyOf(byName.values());
  }

  /** A new connection: its other end knows nothing yet. */
  synchronized void startRound() {
    after = AckKey.FIRST;
  }
}

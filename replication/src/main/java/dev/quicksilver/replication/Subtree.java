package dev.quicksilver.replication;

import dev.quicksilver.replication.Census.Heard;
import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a process stands in the tree: what the nodes below it have reported, and what it knows of
 * the root. The server of a process writes the one and reads the other, its replica does the
 * reverse, so both are given the same one. Thread-safe.
 */
public final class Subtree {
  /** Reports that are kept unless one says otherwise; one takes about 550 bytes. */
  public static final int MAX_REPORTS = 1 << 17;

  private static final Logger LOG = LoggerFactory.getLogger(Subtree.class);

  private final Map<Object, NavigableMap<AckKey, Heard>> branches = new HashMap<>();
  private final RootHeads roots;
  private final Standbys standbys = new Standbys();
  private final Ticker ticker;
  private final LogLimiter complaints;
  private final int limit;
  private @Nullable NodeIdentity self;
  private int size;
  private long leftOut;

  /** Makes one that knows of nothing, and keeps {@link #MAX_REPORTS} reports. */
  public Subtree() {
    this(MAX_REPORTS);
  }

  /**
   * Makes one that knows of nothing.
   *
   * @param maxReports how many reports are kept, of one node on one database each; more are left
   *     out, which is logged and {@linkplain #leftOut counted}. At least 1
   */
  public Subtree(int maxReports) {
    this(Ticker.SYSTEM, RootHeads.SYSTEM_CLOCK, maxReports);
  }

  /** The clock says µs since 1970-01-01 UTC. */
  Subtree(Ticker ticker, LongSupplier clock, int limit) {
    this.roots = new RootHeads(ticker, clock);
    this.ticker = ticker;
    this.complaints = new LogLimiter(LOG, ticker);
    this.limit = limit;
  }

  /** Says which node this is the subtree of, so that no other one takes its name or its id. */
  synchronized void belongsTo(NodeIdentity node) {
    self = node;
  }

  /**
   * Returns all nodes below, by database, sorted by name; empty where there are none. A node that
   * was started again, or moved, is there once; two of one name, or even of one instance id, are
   * two.
   */
  public Map<String, List<NodeBelow>> nodes() {
    Map<String, List<NodeBelow>> result = new TreeMap<>();
    for (NodeBelow node : nodes(AckKey.FIRST, null)) {
      result.computeIfAbsent(node.ack().database(), _ -> new ArrayList<>()).add(node);
    }
    return result;
  }

  /** Returns what {@link #nodes()} have said. */
  public Map<String, List<NodeAck>> acks() {
    Map<String, List<NodeAck>> result = new TreeMap<>();
    nodes().forEach((database, nodes) -> result.put(database, acks(nodes)));
    return result;
  }

  /** Returns what the nodes below that follow a database have said, sorted by name. */
  public List<NodeAck> acks(String database) {
    return acks(nodes(database));
  }

  /** Returns the nodes below that follow a database, sorted by name. */
  public List<NodeBelow> nodes(String database) {
    // No name lies between the two.
    return nodes(AckKey.before(database), AckKey.before(database + '\0'));
  }

  private static List<NodeAck> acks(List<NodeBelow> nodes) {
    return nodes.stream().map(NodeBelow::ack).toList();
  }

  private List<NodeBelow> nodes(AckKey from, @Nullable AckKey to) {
    NavigableMap<AckKey, Heard> newest = new TreeMap<>();
    NodeIdentity counting;
    synchronized (this) {
      counting = self;
      for (NavigableMap<AckKey, Heard> branch : branches.values()) {
        NavigableMap<AckKey, Heard> range =
            to == null ? branch : branch.subMap(from, true, to, false);
        range.values().forEach(heard -> merge(newest, heard));
      }
    }
    return new Census(newest.values(), counting).nodes();
  }

  /**
   * Returns for how long a node has known that it may lack something that the root had, in µs;
   * empty if it or this process knows nothing of the root.
   */
  public OptionalLong lagMicros(NodeAck ack) {
    OptionalLong now = roots.rootTime(ack.database());
    return now.isEmpty() || ack.asOf() == 0
        ? OptionalLong.empty()
        : OptionalLong.of(Math.max(0, now.getAsLong() - ack.asOf()));
  }

  /** Returns the first reports after a key, at most so many. */
  synchronized List<NodeAck> after(AckKey key, int most) {
    NavigableMap<AckKey, Heard> newest = new TreeMap<>();
    for (NavigableMap<AckKey, Heard> branch : branches.values()) {
      int taken = 0;
      for (Heard heard : branch.tailMap(key, false).values()) {
        if (taken++ == most) {
          break;
        }
        merge(newest, heard);
      }
      while (newest.size() > most) {
        newest.pollLastEntry();
      }
    }
    return newest.values().stream().map(Heard::ack).toList();
  }

  private static void merge(NavigableMap<AckKey, Heard> into, Heard heard) {
    into.merge(heard.ack().key(), heard, (a, b) -> a.ack().said() >= b.ack().said() ? a : b);
  }

  /**
   * Returns how many reports were left out since the start, for there were too many: a node's is
   * counted each time it comes. While this grows, {@link #acks()} lacks nodes.
   */
  public synchronized long leftOut() {
    return leftOut;
  }

  /** Returns the standby roots that follow this process. */
  public Standbys standbys() {
    return standbys;
  }

  /** From now on this process is the root, until a {@link Replica} is started on this. */
  public void lead() {
    roots.lead();
  }

  RootHeads roots() {
    return roots;
  }

  /** Takes what the node at the other end of a connection says of itself. */
  synchronized void record(Object branch, NodeAck ack) {
    put(branches.computeIfAbsent(branch, _ -> new TreeMap<>()), ack);
  }

  /** Takes what it says of all nodes in a range of names: who is not named is gone. */
  synchronized void record(Object branch, SubtreeAcks range) {
    NavigableMap<AckKey, Heard> nodes = branches.computeIfAbsent(branch, _ -> new TreeMap<>());
    Set<AckKey> named = range.nodes().stream().map(NodeAck::key).collect(Collectors.toSet());
    int before = nodes.size();
    if (range.last()) {
      nodes.tailMap(range.after(), false).keySet().removeIf(key -> !named.contains(key));
    } else if (!range.nodes().isEmpty()) {
      nodes
          .subMap(range.after(), false, range.nodes().getLast().key(), true)
          .keySet()
          .removeIf(key -> !named.contains(key));
    }
    size -= before - nodes.size();
    range.nodes().forEach(ack -> put(nodes, ack));
  }

  private void put(NavigableMap<AckKey, Heard> nodes, NodeAck ack) {
    Heard last = nodes.get(ack.key());
    long at = last != null && last.ack().said() == ack.said() ? last.at() : ticker.nanos();
    if (size >= limit && last == null) {
      leftOut++;
      complaints.warn(
          "more than "
              + limit
              + " reports of nodes below this one: that of node "
              + ack.node()
              + " for database "
              + ack.database()
              + " is neither shown nor passed on; raise replication.max-reports, or put another"
              + " relay between");
    } else if (nodes.put(ack.key(), new Heard(ack, at)) == null) {
      size++;
    }
  }

  synchronized void forget(Object branch) {
    NavigableMap<AckKey, Heard> gone = branches.remove(branch);
    if (gone != null) {
      size -= gone.size();
    }
  }
}

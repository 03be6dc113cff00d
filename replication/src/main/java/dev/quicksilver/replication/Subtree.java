package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a process stands in the tree: what the nodes below it have reported, and what it knows of
 * the root. The server of a process writes the one and reads the other, its replica does the
 * reverse, so both are given the same one. Thread-safe.
 */
public final class Subtree {
  /** Reports kept; one takes about 300 bytes. More are left out, which is logged. */
  static final int MAX_REPORTS = 1 << 17;

  private static final Logger LOG = LoggerFactory.getLogger(Subtree.class);

  private final Map<Object, NavigableMap<AckKey, NodeAck>> branches = new HashMap<>();
  private final RootHeads roots;
  private final LogLimiter complaints;
  private final int limit;
  private int size;
  private long leftOut;

  /** Makes one that knows of nothing. */
  public Subtree() {
    this(Ticker.SYSTEM, RootHeads.SYSTEM_CLOCK, MAX_REPORTS);
  }

  /** The clock says µs since 1970-01-01 UTC. */
  Subtree(Ticker ticker, LongSupplier clock, int limit) {
    this.roots = new RootHeads(ticker, clock);
    this.complaints = new LogLimiter(LOG, ticker);
    this.limit = limit;
  }

  /** Returns all nodes below, by database, sorted by name; empty where there are none. */
  public Map<String, List<NodeAck>> acks() {
    Map<String, List<NodeAck>> result = new TreeMap<>();
    for (NodeAck ack : after(AckKey.FIRST, Integer.MAX_VALUE)) {
      result.computeIfAbsent(ack.database(), _ -> new ArrayList<>()).add(ack);
    }
    return result;
  }

  /** Returns the nodes below that follow a database, sorted by name. */
  public synchronized List<NodeAck> acks(String database) {
    AckKey from = new AckKey(database, "");
    AckKey to = new AckKey(database + '\0', ""); // no name lies between the two
    NavigableMap<AckKey, NodeAck> newest = new TreeMap<>();
    for (NavigableMap<AckKey, NodeAck> branch : branches.values()) {
      branch.subMap(from, true, to, false).values().forEach(ack -> merge(newest, ack));
    }
    return List.copyOf(newest.values());
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
    NavigableMap<AckKey, NodeAck> newest = new TreeMap<>();
    for (NavigableMap<AckKey, NodeAck> branch : branches.values()) {
      int taken = 0;
      for (NodeAck ack : branch.tailMap(key, false).values()) {
        if (taken++ == most) {
          break;
        }
        merge(newest, ack);
      }
      while (newest.size() > most) {
        newest.pollLastEntry();
      }
    }
    return List.copyOf(newest.values());
  }

  private static void merge(NavigableMap<AckKey, NodeAck> into, NodeAck ack) {
    into.merge(ack.key(), ack, (a, b) -> a.said() >= b.said() ? a : b);
  }

  /**
   * Returns how many reports were left out since the start, for there were too many: a node's is
   * counted each time it comes. While this grows, {@link #acks()} lacks nodes.
   */
  public synchronized long leftOut() {
    return leftOut;
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
    NavigableMap<AckKey, NodeAck> nodes = branches.computeIfAbsent(branch, _ -> new TreeMap<>());
    int before = nodes.size();
    if (range.last()) {
      nodes.tailMap(range.after(), false).clear();
    } else if (!range.nodes().isEmpty()) {
      nodes.subMap(range.after(), false, range.nodes().getLast().key(), true).clear();
    }
    size -= before - nodes.size();
    range.nodes().forEach(ack -> put(nodes, ack));
  }

  private void put(NavigableMap<AckKey, NodeAck> nodes, NodeAck ack) {
    if (size >= limit && !nodes.containsKey(ack.key())) {
      leftOut++;
      complaints.warn(
          "more than "
              + limit
              + " reports of nodes below this one: that of node "
              + ack.node()
              + " for database "
              + ack.database()
              + " is neither shown nor passed on; put another relay between");
    } else if (nodes.put(ack.key(), ack) == null) {
      size++;
    }
  }

  synchronized void forget(Object branch) {
    NavigableMap<AckKey, NodeAck> gone = branches.remove(branch);
    if (gone != null) {
      size -= gone.size();
    }
  }
}

package dev.quicksilver.replication;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the nodes below this one have acknowledged. The server of a process writes it, its replica
 * passes it upwards, so both are given the same one. Thread-safe.
 */
public final class Subtree {
  private record Branch(String database, List<NodeAck> nodes) {}

  private final Map<Object, Branch> branches = new HashMap<>();

  /** Returns all nodes below, by database, sorted by name; empty where there are none. */
  public synchronized Map<String, List<NodeAck>> acks() {
    Map<String, List<NodeAck>> result = new TreeMap<>();
    for (Branch branch : branches.values()) {
      result.computeIfAbsent(branch.database(), _ -> new ArrayList<>()).addAll(branch.nodes());
    }
    result.replaceAll((_, nodes) -> sorted(nodes));
    return result;
  }

  /** Returns the nodes below that follow a database, sorted by name. */
  public synchronized List<NodeAck> acks(String database) {
    List<NodeAck> result = new ArrayList<>();
    for (Branch branch : branches.values()) {
      if (branch.database().equals(database)) {
        result.addAll(branch.nodes());
      }
    }
    return sorted(result);
  }

  private static List<NodeAck> sorted(List<NodeAck> nodes) {
    return nodes.stream().sorted(Comparator.comparing(NodeAck::node)).toList();
  }

  synchronized void record(Object branch, String database, List<NodeAck> nodes) {
    branches.put(branch, new Branch(database, nodes));
  }

  synchronized void forget(Object branch) {
    branches.remove(branch);
  }
}

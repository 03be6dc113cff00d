package dev.quicksilver.cli.top;

import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.storage.DatabaseSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Puts the nodes below one into the order of a tree. Stateless. */
final class NodeTree {
  private NodeTree() {}

  /**
   * What a node said of one database.
   *
   * @param depth how many nodes are between it and the one that is looked at
   * @param first whether it is the first row of its node
   */
  record Row(int depth, SubtreeReport report, boolean first) {}

  /** A node: what it says, the row that decides about its place first. */
  private record Node(int depth, List<SubtreeReport> reports) {
    private SubtreeReport decisive() {
      return reports.getFirst();
    }
  }

  /**
   * Returns the rows, each node after the one that it follows. Those whose upstream is not in the
   * tree stand at its top.
   *
   * @param all one row for each database of a node; otherwise one for the first in the order
   */
  static List<Row> rows(NodeStatus status, Order order, boolean all) {
    Map<String, List<SubtreeReport>> byInstance = new LinkedHashMap<>();
    for (SubtreeReport report : status.subtree()) {
      byInstance.computeIfAbsent(report.instance(), _ -> new ArrayList<>()).add(report);
    }
    Set<String> names = new HashSet<>();
    status.subtree().forEach(report -> names.add(report.node()));
    names.remove(status.node());
    Map<String, List<Node>> byUpstream = new TreeMap<>();
    List<Node> top = new ArrayList<>();
    for (List<SubtreeReport> reports : byInstance.values()) {
      String upstream = upstream(reports);
      reports.sort(order.comparator());
      Node node = new Node(0, reports);
      boolean isBelow = names.contains(upstream) && !upstream.equals(reports.getFirst().node());
      (isBelow ? byUpstream.computeIfAbsent(upstream, _ -> new ArrayList<>()) : top).add(node);
    }
    Comparator<Node> siblings = Comparator.comparing(Node::decisive, order.comparator());
    List<Row> rows = new ArrayList<>();
    walk(top, byUpstream, siblings, all, rows);
    // Nodes that follow each other in a circle, for as long as their reports are not all of one
    // time.
    for (String upstream : List.copyOf(byUpstream.keySet())) {
      List<Node> left = byUpstream.remove(upstream);
      if (left != null) {
        walk(left, byUpstream, siblings, all, rows);
      }
    }
    return rows;
  }

  /** Takes what it has put into the rows out of the map, so that nothing comes twice. */
  private static void walk(
      List<Node> top,
      Map<String, List<Node>> byUpstream,
      Comparator<Node> siblings,
      boolean all,
      List<Row> rows) {
    Deque<Node> next = new ArrayDeque<>();
    push(top, 0, siblings, next);
    while (!next.isEmpty()) {
      Node node = next.pop();
      rows.add(new Row(node.depth(), node.decisive(), true));
      if (all) {
        node.reports().stream()
            .skip(1)
            .forEach(report -> rows.add(new Row(node.depth(), report, false)));
      }
      List<Node> below = byUpstream.remove(node.decisive().node());
      if (below != null) {
        push(below, node.depth() + 1, siblings, next);
      }
    }
  }

  private static void push(
      List<Node> nodes, int depth, Comparator<Node> siblings, Deque<Node> onto) {
    nodes.stream()
        .sorted(siblings.reversed())
        .forEach(node -> onto.push(new Node(depth, node.reports())));
  }

  /** A node may pull each database from another one; the catalog decides. */
  private static String upstream(List<SubtreeReport> reports) {
    return reports.stream()
        .filter(report -> report.database().equals(DatabaseSet.CATALOG))
        .findFirst()
        .orElse(reports.getFirst())
        .upstream();
  }
}

package dev.quicksilver.cli.page;

import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The nodes below this one, each once, in the places that their upstreams give them.
 *
 * @param nodes all of them, by name
 * @param roots the branches below this node; empty if there are more nodes than are drawn
 * @param locations the nodes by location, if they are not drawn each; else empty
 */
record Tree(List<Node> nodes, List<Branch> roots, List<Group> locations) {
  /** Nodes that are drawn each; when there are more, their locations are. */
  static final int MAX_DRAWN = 200;

  /**
   * One node below this one, whatever number of databases it follows.
   *
   * @param id tells it from all others
   * @param worst what it says of the database that it is worst off with
   * @param databases how many it has
   * @param lastSeen when it was last heard of, if it is gone
   */
  record Node(
      String id,
      String name,
      String location,
      String upstream,
      Standing standing,
      SubtreeReport worst,
      int databases,
      Instant lastSeen) {
    /** Returns the same, of which nothing is heard any more. */
    Node gone() {
      return new Node(id, name, location, upstream, Standing.GONE, worst, databases, lastSeen);
    }
  }

  /** A node with those that pull from it. */
  record Branch(Node node, List<Branch> below) {}

  /**
   * The nodes at one location.
   *
   * @param standings how many of them stand how, from the worst on
   */
  record Group(String location, int nodes, Map<Standing, Integer> standings, double lagSeconds) {
    /** Returns how the worst of them stands. */
    Standing standing() {
      return standings.keySet().iterator().next();
    }
  }

  /**
   * Makes the tree.
   *
   * @param reports of the nodes below, each for one database
   * @param remembered adds nodes of which nothing is heard any more
   */
  static Tree of(List<SubtreeReport> reports, Instant now, Remembered remembered) {
    List<Node> nodes = new ArrayList<>(merge(reports, now));
    nodes.addAll(remembered.without(nodes, now));
    nodes.sort(Comparator.comparing(Node::name).thenComparing(Node::id));
    return nodes.size() > MAX_DRAWN
        ? new Tree(List.copyOf(nodes), List.of(), groups(nodes))
        : new Tree(List.copyOf(nodes), branches(nodes), List.of());
  }

  /** Returns those of which nothing is heard any more. */
  List<Node> gone() {
    return nodes.stream().filter(node -> node.standing() == Standing.GONE).toList();
  }

  /** Returns how many of the nodes stand how, from the worst on. */
  Map<Standing, Integer> standings() {
    return count(nodes);
  }

  private static List<Node> merge(List<SubtreeReport> reports, Instant now) {
    Map<String, List<SubtreeReport>> byNode = new LinkedHashMap<>();
    for (SubtreeReport report : reports) {
      byNode.computeIfAbsent(report.instance(), _ -> new ArrayList<>(2)).add(report);
    }
    List<Node> nodes = new ArrayList<>(byNode.size());
    byNode.forEach(
        (id, said) -> {
          SubtreeReport worst = said.stream().min(WORST_FIRST).orElseThrow();
          nodes.add(
              new Node(
                  id,
                  worst.node(),
                  worst.location(),
                  worst.upstream(),
                  standing(worst),
                  worst,
                  said.size(),
                  now));
        });
    return nodes;
  }

  /** From the worst on; the catalog, which changes little, after others that stand the same. */
  static final Comparator<SubtreeReport> WORST_FIRST =
      Comparator.comparing(Tree::standing)
          .thenComparing(report -> report.database().equals(Overview.CATALOG))
          .thenComparing(Comparator.comparingLong(SubtreeReport::lag).reversed())
          .thenComparing(Comparator.comparingDouble(Tree::lagSeconds).reversed())
          .thenComparing(SubtreeReport::node)
          .thenComparing(SubtreeReport::database);

  private static double lagSeconds(SubtreeReport report) {
    return Known.number(report.lagSeconds());
  }

  /** Returns how it stands with a node and a database. */
  static Standing standing(SubtreeReport report) {
    return Standing.of(report.state(), report.lag(), Known.number(report.lagSeconds()));
  }

  /**
   * Each node hangs from the one that it names; where there is none of that name below, and on a
   * circle, it hangs from this node.
   */
  private static List<Branch> branches(List<Node> nodes) {
    Map<String, Node> named = new LinkedHashMap<>();
    nodes.forEach(node -> named.putIfAbsent(node.name(), node));
    Map<Node, List<Node>> below = new LinkedHashMap<>();
    List<Node> top = new ArrayList<>();
    for (Node node : nodes) {
      Node upstream = named.get(node.upstream());
      if (upstream == null || upstream.equals(node)) {
        top.add(node);
      } else {
        below.computeIfAbsent(upstream, _ -> new ArrayList<>()).add(node);
      }
    }
    Set<Node> placed = new HashSet<>();
    List<Branch> result = new ArrayList<>();
    top.forEach(node -> result.add(branch(node, below, placed)));
    for (Node node : nodes) {
      if (!placed.contains(node)) { // on a circle
        result.add(branch(node, below, placed));
      }
    }
    return List.copyOf(result);
  }

  /** A chain is at most as deep as there are nodes that are drawn. */
  private static Branch branch(Node node, Map<Node, List<Node>> below, Set<Node> placed) {
    placed.add(node);
    List<Branch> branches = new ArrayList<>();
    for (Node child : below.getOrDefault(node, List.of())) {
      if (!placed.contains(child)) {
        branches.add(branch(child, below, placed));
      }
    }
    return new Branch(node, List.copyOf(branches));
  }

  private static List<Group> groups(List<Node> nodes) {
    Map<String, List<Node>> byLocation = new TreeMap<>();
    nodes.forEach(
        node -> byLocation.computeIfAbsent(node.location(), _ -> new ArrayList<>()).add(node));
    return byLocation.entrySet().stream()
        .map(
            each ->
                new Group(
                    each.getKey(),
                    each.getValue().size(),
                    count(each.getValue()),
                    each.getValue().stream()
                        .mapToDouble(node -> lagSeconds(node.worst()))
                        .max()
                        .orElse(-1)))
        .sorted(Comparator.comparing(Group::standing).thenComparing(Group::location))
        .toList();
  }

  private static Map<Standing, Integer> count(List<Node> nodes) {
    Map<Standing, Integer> counts = new TreeMap<>();
    nodes.forEach(node -> counts.merge(node.standing(), 1, Integer::sum));
    return counts;
  }
}

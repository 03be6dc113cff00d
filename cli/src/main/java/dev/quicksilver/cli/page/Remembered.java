package dev.quicksilver.cli.page;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The nodes that the page has shown: a node that ends is not in the next status any more, and
 * whoever looks at the page wants to know just that. Only what was shown is known, for an hour.
 * Thread-safe.
 */
final class Remembered {
  /** Nodes that are known; those that were shown last stay. */
  static final int MOST = 2_000;

  private static final Duration LONGEST = Duration.ofHours(1);

  private final Map<String, Tree.Node> nodes = new LinkedHashMap<>();

  /**
   * Takes those that are heard of now.
   *
   * @return those that were shown before and are not among them, nor is another one of their name
   */
  synchronized List<Tree.Node> without(Collection<Tree.Node> heard, Instant now) {
    Set<String> names = new HashSet<>();
    for (Tree.Node node : heard) {
      names.add(node.name());
      nodes.remove(node.id());
    }
    nodes
        .values()
        .removeIf(
            node -> names.contains(node.name()) || node.lastSeen().plus(LONGEST).isBefore(now));
    List<Tree.Node> gone = nodes.values().stream().map(Tree.Node::gone).toList();
    heard.forEach(node -> nodes.put(node.id(), node));
    Iterator<String> oldest = nodes.keySet().iterator();
    for (int more = nodes.size() - MOST; more > 0; more--) {
      oldest.next();
      oldest.remove();
    }
    return gone;
  }
}

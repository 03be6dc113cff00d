package dev.quicksilver.benchmarks.alerts;

import java.util.Set;

/** The only upstream of the edge is gone. */
record KilledRelay(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "the relay is killed; then started again";
  }

  @Override
  public Set<String> alerts() {
    String edge = tree.instance(AlertTree.EDGE);
    return Set.of(
        "QuicksilverDown " + tree.instance(AlertTree.RELAY),
        "QuicksilverNodesGone ", // of a location, not of an instance
        "QuicksilverUnhealthy " + edge,
        "QuicksilverNotFollowing " + edge,
        "QuicksilverStale " + edge);
  }

  @Override
  public void cause() {
    tree.cluster().kill(AlertTree.RELAY);
  }

  @Override
  public void cure() throws Exception {
    tree.cluster().restart(AlertTree.RELAY);
  }
}

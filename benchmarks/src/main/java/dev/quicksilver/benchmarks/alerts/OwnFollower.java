package dev.quicksilver.benchmarks.alerts;

import static dev.quicksilver.cli.config.Settings.REPLICATION_ASK_AGAIN_AFTER;

import dev.quicksilver.cli.cluster.NodeSpec;
import java.util.Set;

/** A wrong line in a configuration. */
record OwnFollower(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "a node has itself as its upstream; then the relay";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverRefused " + tree.instance(AlertTree.STRAY));
  }

  @Override
  public void cause() throws Exception {
    tree.cluster().start(following(AlertTree.STRAY));
  }

  @Override
  public void cure() throws Exception {
    tree.cluster().stop(AlertTree.STRAY);
    tree.cluster().start(following(AlertTree.RELAY));
  }

  private static NodeSpec following(String upstream) {
    return NodeSpec.replica(AlertTree.STRAY, upstream).with(REPLICATION_ASK_AGAIN_AFTER, "1s");
  }

  @Override
  public void end() {
    tree.cluster().stop(AlertTree.STRAY);
  }
}

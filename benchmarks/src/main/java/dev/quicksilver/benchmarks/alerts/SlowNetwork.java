package dev.quicksilver.benchmarks.alerts;

import static dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS;

import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.fixtures.FaultProxy;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A network of some kilobytes a second. */
final class SlowNetwork implements Trial {
  private final AlertTree tree;
  private @Nullable FaultProxy network;

  SlowNetwork(AlertTree tree) {
    this.tree = tree;
  }

  @Override
  public String what() {
    return "a node that was away while 30,000 rows were written has a slow network; then a good"
        + " one";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverLagging " + tree.instance(AlertTree.STRAY));
  }

  @Override
  public void cause() throws Exception {
    FaultProxy made = new FaultProxy(tree.cluster().port(AlertTree.RELAY, "replication"), 1);
    network = made;
    tree.cluster()
        .start(
            NodeSpec.replica(AlertTree.STRAY)
                .with(REPLICATION_UPSTREAMS, "127.0.0.1:" + made.port()));
    tree.cluster().awaitHealthy(AlertTree.STRAY);
    tree.cluster().stop(AlertTree.STRAY);
    tree.execute(
        "INSERT INTO dns SELECT 'g' || i, md5(random()::text)"
            + " FROM generate_series(1, 30000) AS s (i)");
    made.slow(true);
    tree.cluster().restart(AlertTree.STRAY);
  }

  @Override
  public void cure() {
    if (network != null) {
      network.slow(false);
    }
  }

  @Override
  public void end() throws Exception {
    tree.cluster().stop(AlertTree.STRAY);
    if (network != null) {
      network.close();
    }
  }
}

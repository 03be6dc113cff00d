package dev.quicksilver.benchmarks.alerts;

import static dev.quicksilver.cli.config.Settings.REPLICATION_ASK_AGAIN_AFTER;
import static dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS;

import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.fixtures.LyingProxy;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An upstream that sends blocks of another history for a while. */
final class LyingUpstream implements Trial {
  private final AlertTree tree;
  private @Nullable LyingProxy upstream;

  LyingUpstream(AlertTree tree) {
    this.tree = tree;
  }

  @Override
  public String what() {
    return "a node's upstream contradicts its copy; then the node copies it anew, from the"
        + " upstream that says the truth again";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverDiverged " + tree.instance(AlertTree.STRAY));
  }

  @Override
  public void cause() throws Exception {
    int relay = tree.cluster().port(AlertTree.RELAY, "replication");
    LyingProxy made = new LyingProxy(relay, Long.MAX_VALUE);
    upstream = made;
    tree.cluster()
        .start(
            NodeSpec.replica(AlertTree.STRAY)
                .with(REPLICATION_UPSTREAMS, "127.0.0.1:" + made.port())
                // So that it is not the next block that fits by itself, but the new copy.
                .with(REPLICATION_ASK_AGAIN_AFTER, "1h"));
    tree.cluster().awaitHealthy(AlertTree.STRAY);
    made.lie();
  }

  @Override
  public void cure() throws Exception {
    if (upstream != null) {
      upstream.repent();
    }
    tree.copyAnew(AlertTree.STRAY);
  }

  @Override
  public void end() throws Exception {
    tree.cluster().stop(AlertTree.STRAY);
    if (upstream != null) {
      upstream.close();
    }
  }
}

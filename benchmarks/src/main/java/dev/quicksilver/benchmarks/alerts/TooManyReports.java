package dev.quicksilver.benchmarks.alerts;

import static dev.quicksilver.cli.config.Settings.REPLICATION_MAX_REPORTS;

import dev.quicksilver.cli.cluster.NodeSpec;
import java.util.Set;

/** The edge reports on two databases, the catalog and dns. */
record TooManyReports(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "the relay keeps one report, and the edge makes two; then it keeps as many as usual";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverReportsLeftOut " + tree.instance(AlertTree.RELAY));
  }

  @Override
  public void cause() throws Exception {
    restart("1");
  }

  @Override
  public void cure() throws Exception {
    restart("131072");
  }

  private void restart(String most) throws Exception {
    tree.cluster().stop(AlertTree.RELAY);
    tree.cluster()
        .start(
            NodeSpec.replica(AlertTree.RELAY, AlertTree.ROOT).with(REPLICATION_MAX_REPORTS, most));
  }

  @Override
  public void end() throws Exception {
    tree.cluster().awaitHealthy(AlertTree.EDGE);
  }
}

package dev.quicksilver.benchmarks.alerts;

import java.util.Set;

/** A node that takes nothing, seen from above. */
record HungEdge(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "the edge is stopped (SIGSTOP) while 20,000 rows are written; then goes on";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverFollowerBehind " + tree.instance(AlertTree.RELAY));
  }

  @Override
  public void cause() throws Exception {
    tree.cluster().process(AlertTree.EDGE).hang();
    tree.execute("INSERT INTO dns SELECT 'f' || i, '' FROM generate_series(1, 20000) AS s (i)");
  }

  @Override
  public void cure() throws Exception {
    tree.cluster().process(AlertTree.EDGE).resume();
  }

  @Override
  public void end() throws Exception {
    tree.cluster().awaitHealthy(AlertTree.EDGE);
  }
}

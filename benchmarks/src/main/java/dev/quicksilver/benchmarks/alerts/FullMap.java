package dev.quicksilver.benchmarks.alerts;

import static dev.quicksilver.cli.config.Settings.DATA_LOG_MAX_SIZE;
import static dev.quicksilver.cli.config.Settings.DATA_MAP_SIZE;

import dev.quicksilver.cli.cluster.NodeSpec;
import java.util.Set;

/** A node whose databases may take less than they have to; it is left running. */
record FullMap(AlertTree tree) implements Trial {
  /** A small log is no fault here, and is one in {@link ShortLog}. */
  private static final int LOG_MIB = 4;

  @Override
  public String what() {
    return "32 MB for a node whose databases have room for 16; then it has more";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverStorageErrors " + tree.instance(AlertTree.SMALL));
  }

  @Override
  public void cause() throws Exception {
    tree.cluster().start(small(16, LOG_MIB));
    tree.execute(
        "INSERT INTO dns SELECT 's' || i, repeat(md5(i::text), 128)"
            + " FROM generate_series(1, 8000) AS s (i)");
  }

  @Override
  public void cure() throws Exception {
    tree.cluster().stop(AlertTree.SMALL);
    tree.cluster().start(small(1024, LOG_MIB));
  }

  @Override
  public void end() throws Exception {
    tree.cluster().awaitHealthy(AlertTree.SMALL);
  }

  static NodeSpec small(int mapMib, int logMib) {
    return NodeSpec.replica(AlertTree.SMALL, AlertTree.RELAY)
        .with(DATA_MAP_SIZE, Integer.toString(mapMib))
        .with(DATA_LOG_MAX_SIZE, Integer.toString(logMib));
  }
}

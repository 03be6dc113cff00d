package dev.quicksilver.cli;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.cli.config.Settings;
import java.io.IOException;
import java.nio.file.Path;

/** Clusters as this module's tests want them: many on one machine, with little in them. */
final class TestCluster {
  /** How processes are started. */
  static final ProcessOptions OPTIONS = ProcessOptions.heap(128);

  private TestCluster() {}

  /** A cluster of small nodes in a folder. */
  static Cluster in(Path folder) throws IOException {
    return in(folder, OPTIONS);
  }

  /** The same with processes that are started in another way. */
  static Cluster in(Path folder, ProcessOptions options) throws IOException {
    return Cluster.in(folder, options).everywhere(Settings.DATA_MAP_SIZE, "1024");
  }
}

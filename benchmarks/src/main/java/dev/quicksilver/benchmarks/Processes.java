package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.ProcessOptions;
import java.io.IOException;

/** How the bars start processes of ours. */
final class Processes {
  /** What a process's heap may take. */
  static final int HEAP_MIB = 192;

  /** For proofs. */
  static final ProcessOptions OPTIONS = ProcessOptions.heap(HEAP_MIB);

  /** For what is timed. */
  static final ProcessOptions SERVICE = OPTIONS.asService();

  private Processes() {}

  /** Makes a cluster in a temporary folder, for proofs. */
  static Cluster cluster() throws IOException {
    return Cluster.temporary(OPTIONS);
  }
}

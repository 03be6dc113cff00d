package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

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

  /**
   * Waits until a process has a database, and opens it for reading.
   *
   * @param data its data directory
   */
  static Database open(Path data, String database, ChildProcess process)
      throws InterruptedException {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (directory.environment(database).isEmpty()) {
      if (System.nanoTime() > deadline || !process.isAlive()) {
        throw new AssertionError("no database at " + data + ": " + process.output());
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return Database.openReadOnly(
        directory.environment(database).orElseThrow(), StorageOptions.DEFAULT);
  }
}

package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A bridge serves what a node keeps; where there is no node it must not seem to serve one. */
@Execution(ExecutionMode.CONCURRENT)
final class BridgeStartTest {
  @TempDir private Path folder;

  private String refused(Path data) throws Exception {
    try (Cluster cluster = TestCluster.in(folder)) {
      Ended ended =
          cluster.run(
              "bridge",
              "--bridge-listen=127.0.0.1:0",
              "--http-listen=127.0.0.1:0",
              "--data-directory=" + data);
      String printed = ended.output().strip();
      assertThat(ended.exitCode()).as(printed).isEqualTo(ExitCode.NOT_FOUND);
      assertThat(printed.lines()).hasSize(1);
      return printed;
    }
  }

  @Test
  void aDirectoryThatIsNotThereIsRefusedAndNotMade() throws Exception {
    Path missing = folder.resolve("missing");
    assertThat(refused(missing)).contains(missing + " is not there", "data.directory");
    assertThat(missing).doesNotExist();
  }

  @Test
  void aDirectoryOfSomethingElseIsRefusedAndLeftAlone() throws Exception {
    Path other = Files.createDirectory(folder.resolve("other"));
    assertThat(refused(other)).contains(other + " is not a data directory");
    assertThat(other).isEmptyDirectory();
  }

  @Test
  void aReplicaThatHasNoDatabaseYetIsServed() throws Exception {
    Path fresh = folder.resolve("fresh");
    DatabaseSet.open(fresh, StorageOptions.DEFAULT).close();
    try (Cluster cluster = TestCluster.in(folder)) {
      cluster.start(NodeSpec.bridge("bridge", "fresh"));
    }
  }
}

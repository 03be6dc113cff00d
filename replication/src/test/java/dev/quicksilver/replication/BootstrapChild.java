package dev.quicksilver.replication;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The process of a follower: {@code DATA PORT SEQUENCE} follows until database {@code dns} has the
 * sequence, then ends with exit code 0.
 */
final class BootstrapChild {
  private BootstrapChild() {}

  /** Starts one that keeps its databases in a folder {@code edge} and its output beside that. */
  static Process start(Path folder, int port, long sequence, List<String> flags)
      throws IOException {
    return JavaCommand.process(
            BootstrapChild.class,
            flags,
            List.of(
                folder.resolve("edge").toString(), Integer.toString(port), Long.toString(sequence)))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("child.log").toFile()))
        .start();
  }

  public static void main(String[] arguments) {
    NodeIdentity identity = NodeIdentity.create("child", "test");
    ReplicationConfig config =
        ReplicationConfig.of(
                identity, List.of(Upstream.primary("127.0.0.1", Integer.parseInt(arguments[1]))))
            .withWindow(Duration.ofMillis(20));
    long sequence = Long.parseLong(arguments[2]);
    try (DatabaseSet databases =
            DatabaseSet.open(Path.of(arguments[0]), StorageOptions.DEFAULT.withoutDurability());
        Replica replica = Replica.start(config, databases)) {
      Await.until(
          () -> databases.get("dns").map(d -> d.head().lastSequence() >= sequence).orElse(false),
          replica::status);
    }
  }
}

package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.DatabaseSet;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The replica's own process beside the bridge: writes through storage's Appender, drops and makes
 * databases. A process of its own, because an environment may be open only once in each.
 */
final class ReplicaProcess {
  private ReplicaProcess() {}

  /**
   * Arguments: data directory, {@code set} or {@code drop}, database, then keys and values; or data
   * directory, {@code catalog}, a key of the catalog and its value, if it shall have one.
   */
  public static void main(String[] arguments) {
    Path data = Path.of(arguments[0]);
    String name = arguments[2];
    if (arguments[1].equals("drop")) {
      try (var databases = DatabaseSet.open(data, TestReplica.OPTIONS)) {
        databases.drop(name);
      }
      return;
    }
    if (arguments[1].equals("catalog")) {
      TestReplica.catalog(
          data, name, arguments.length > 3 ? Optional.of(arguments[3]) : Optional.empty());
      return;
    }
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 3; i < arguments.length; i += 2) {
      pairs.add(Map.entry(arguments[i], arguments[i + 1].getBytes(StandardCharsets.UTF_8)));
    }
    TestReplica.write(data, name, "text", pairs);
  }

  /** Runs {@link #main} in another JVM and waits until it is done. */
  static void run(Path data, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(data.toString()));
    all.addAll(List.of(arguments));
    List<String> command = JavaCommand.of(ReplicaProcess.class, List.of(), all);
    Path output = Files.createTempFile("replica-process", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(Await.LIMIT)).as(Files.readString(output)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    Files.delete(output);
  }
}

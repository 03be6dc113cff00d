package dev.quicksilver.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Pair;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The process of a local reader, {@code FOLDER KEY}, that holds its first snapshot: answers each
 * line of standard input, and its start, with the value of the key there.
 */
final class SnapshotHolder implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;

  SnapshotHolder(Path generation, String key) throws IOException {
    process =
        JavaCommand.process(
                SnapshotHolder.class, List.of("-Xmx64m"), List.of(generation.toString(), key))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answers = process.inputReader(UTF_8);
    answers.readLine();
  }

  String read() throws IOException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    return answers.readLine();
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  public static void main(String[] arguments) throws IOException {
    try (Database database = Database.openReadOnly(Path.of(arguments[0]), StorageOptions.DEFAULT);
        Snapshot snapshot = database.snapshot()) {
      do {
        Pair pair = snapshot.get(arguments[1].getBytes(UTF_8));
        System.out.println(pair == null ? "absent" : new String(pair.value(), UTF_8));
      } while (System.in.read() >= 0);
    }
  }
}

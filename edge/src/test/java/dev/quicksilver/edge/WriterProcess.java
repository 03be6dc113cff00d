package dev.quicksilver.edge;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The program of the second process: obeys lines of standard input and answers each with a line.
 * {@code set KEY VALUE}, {@code delete KEY}, {@code fill N}, {@code generation} (a new, empty one),
 * {@code copy} (another copy of the same takes its place, as after a bootstrap), {@code drop};
 * {@code large KEY LENGTH}, {@code clear}, {@code withhold}, {@code serve}; {@code catalog KEY
 * VALUE}.
 */
final class WriterProcess {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT
          .withMapSize(64L << 20)
          .withLog(Duration.ofDays(365_000), 1L << 30); // its commits are of 1970

  private final Path data;
  private final DatabaseDirectory directory;
  private Database database;
  private @Nullable Database catalog;
  private long lsn;

  private WriterProcess(Path data) {
    this.data = data;
    directory = new DatabaseDirectory(data);
    database = generation();
  }

  public static void main(String[] arguments) throws IOException {
    WriterProcess writer = new WriterProcess(Path.of(arguments[0]));
    PrintStream out = System.out;
    out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      writer.obey(line.split(" "));
      out.println("done");
    }
  }

  private Database generation() {
    Path folder = directory.newGeneration("edge");
    Database made =
        Database.create(
            folder, new DatabaseIdentity(UUID.randomUUID(), "edge", "text", "text"), OPTIONS);
    directory.use("edge", folder);
    return made;
  }

  private void obey(String[] words) {
    switch (words[0]) {
      case "generation" -> {
        database.close();
        database = generation();
      }
      case "copy" -> copy();
      case "drop" -> directory.drop("edge");
      case "catalog" -> catalog(words[1], words[2]);
      case "set" -> write(appender -> appender.set(bytes(words[1]), bytes(words[2])));
      case "large" -> write(a -> a.set(bytes(words[1]), letters(Integer.parseInt(words[2]))));
      case "clear" -> write(Appender::clear);
      case "withhold" -> directory.withhold("edge", "a test says so");
      case "serve" -> directory.serveAgain("edge");
      case "delete" -> write(appender -> appender.delete(bytes(words[1])));
      case "fill" -> {
        for (int round = 0; round < Integer.parseInt(words[1]); round++) {
          byte[] same = bytes("round-" + round);
          write(
              appender -> {
                for (int key = 0; key < 10; key++) {
                  appender.set(bytes("fill-" + key), same);
                }
              });
        }
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  private void catalog(String key, String value) {
    if (catalog == null) {
      Path folder = directory.newGeneration(DatabaseSet.CATALOG);
      catalog =
          Database.create(
              folder,
              new DatabaseIdentity(UUID.randomUUID(), DatabaseSet.CATALOG, "text", "jsonb"),
              OPTIONS);
      directory.use(DatabaseSet.CATALOG, folder);
    }
    write(catalog, appender -> appender.set(bytes(key), bytes(value)));
  }

  private void copy() {
    SnapshotCopy.copy(database, directory.copyGeneration("edge"), VerifyProgress.NONE);
    database.close();
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
      set.useCopy("edge");
    }
    database = Database.open(directory.environment("edge").orElseThrow(), OPTIONS);
  }

  private void write(Consumer<Appender> changes) {
    write(database, changes);
  }

  private void write(Database to, Consumer<Appender> changes) {
    lsn += 8;
    try (Appender appender = to.append()) {
      appender.begin(lsn, System.currentTimeMillis() * 1000); // or the log would be too old
      changes.accept(appender);
      appender.end(new Position(1, 1, lsn));
      appender.commit();
    }
  }

  /** The value of a length that tests expect, too. */
  static byte[] letters(int length) {
    byte[] letters = new byte[length];
    for (int i = 0; i < length; i++) {
      letters[i] = (byte) ('a' + i % 26);
    }
    return letters;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.BulkLoad;
import dev.quicksilver.storage.copy.Compaction;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Position;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A process of {@link CrashBar}: writes, reads, copies or compacts until it is killed. */
final class StorageChild implements AutoCloseable {
  /** Pairs that {@code load} loads: more than it commits at a time. */
  static final long LOADED = 120_000;

  private final Process process;
  private final BufferedReader output;

  private StorageChild(Process process) {
    this.process = process;
    this.output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
  }

  /** Starts a process that is to halt at a fail point, or at none if that is empty. */
  static StorageChild start(String failPoint, String... arguments) throws IOException {
    return start(failPoint, StorageChild.class, arguments);
  }

  /** Starts a process with another main class. */
  static StorageChild start(String failPoint, Class<?> main, String... arguments)
      throws IOException {
    return start(
        List.of(
            "-XX:-CreateCoredumpOnCrash",
            "-XX:ErrorFile=/dev/null",
            "-Xmx128m",
            "-XX:TieredStopAtLevel=4", // SHA-256 and CRC-32C in hardware
            "-Dquicksilver.failpoint=" + failPoint),
        main,
        arguments);
  }

  /** Starts a process with options of its own for the JVM. */
  static StorageChild start(List<String> options, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = JavaCommand.of(main, options, List.of(arguments));
    return new StorageChild(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  /** The same with variables in its environment. */
  static StorageChild start(
      List<String> options, Map<String, String> environment, Class<?> main, String... arguments)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(JavaCommand.of(main, options, List.of(arguments)))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    return new StorageChild(builder.start());
  }

  /** The same as a session of its own, as a service is. */
  static StorageChild startService(List<String> options, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = JavaCommand.of(main, options, List.of(arguments));
    return new StorageChild(
        new ProcessBuilder(ProcessOptions.asSession(command))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Returns the next line, or null when the process has ended. */
  @Nullable String line() {
    try {
      return output.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets it go on from where it waits. */
  void go() throws IOException {
    go("");
  }

  /** Lets it go on with a line on its input. */
  void go(String line) throws IOException {
    process.getOutputStream().write((line + '\n').getBytes(StandardCharsets.US_ASCII));
    process.getOutputStream().flush();
  }

  /** Kills it as {@code kill -9} does; what it printed before can still be read. */
  void kill() {
    process.toHandle().destroyForcibly(); // Process.destroyForcibly would close its output
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  int exitCode() throws InterruptedException {
    return process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  /**
   * The process: {@code write FOLDER SEED long|short}, {@code read FOLDER}, {@code copy FOLDER TO},
   * {@code compact DATA}, {@code replace DATA}, {@code load FOLDER BOOT-ID-FILE}.
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[1]);
    switch (arguments[0]) {
      case "write" ->
          write(
              folder,
              Long.parseLong(arguments[2]),
              arguments[3].equals("long") ? CrashModel.LONG_LOG : CrashModel.OPTIONS);
      case "read" -> read(folder);
      case "copy" -> {
        try (Database database = Database.openReadOnly(folder, CrashModel.OPTIONS)) {
          SnapshotCopy.copy(database, Path.of(arguments[2]), VerifyProgress.NONE);
        }
      }
      case "compact" ->
          Compaction.run(
              new DatabaseDirectory(folder),
              CrashModel.IDENTITY.name(),
              CrashModel.OPTIONS,
              VerifyProgress.NONE);
      case "replace" -> {
        try (DatabaseSet set = DatabaseSet.open(folder, CrashModel.OPTIONS)) {
          set.replace(CrashModel.SUCCESSOR);
        }
      }
      case "load" -> load(folder, CrashModel.OPTIONS.withBootId(Path.of(arguments[2])));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static BulkLoad begun(Path folder, StorageOptions options) {
    try {
      return BulkLoad.resume(folder, options);
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
      return BulkLoad.begin(folder, CrashModel.IDENTITY, 1, options);
    }
  }

  private static void load(Path folder, StorageOptions options) {
    try (BulkLoad load = begun(folder, options)) {
      Peer.Keys keys = new Peer.Keys();
      for (long pair = load.pairs(); pair < LOADED; pair++) {
        load.add(keys.key(pair), StorageSample.value());
      }
      load.finish(new Position(1, 1, 1));
    }
  }

  private static void write(Path folder, long seed, StorageOptions options) throws IOException {
    System.out.println("ready");
    if (System.in.read() < 0) {
      return;
    }
    try (Database database = Database.open(folder, options)) {
      for (long commit = database.head().position().lsn() + 1; ; commit++) {
        CrashModel.commit(database, seed, commit);
        System.out.println(commit);
      }
    }
  }

  private static void read(Path folder) throws IOException {
    try (Database database = Database.openReadOnly(folder, CrashModel.OPTIONS)) {
      long last = 0;
      System.out.println("ready");
      AtomicBoolean stopping = new AtomicBoolean();
      Thread.startVirtualThread(
          () -> {
            awaitInput(); // or the end of the process that started this one
            stopping.set(true);
          });
      while (!stopping.get()) {
        long began = System.nanoTime();
        long now =
            Verifier.verify(database, VerifyProgress.NONE).requireClean().head().lastSequence();
        if (now < last) {
          throw new AssertionError("sequence " + now + " came after " + last);
        }
        last = now;
        LockSupport.parkNanos(2 * (System.nanoTime() - began)); // leaves the writer some processor
      }
      System.out.println(last);
    }
  }

  private static int awaitInput() {
    try {
      return System.in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

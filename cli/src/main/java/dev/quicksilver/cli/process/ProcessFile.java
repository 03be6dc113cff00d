package dev.quicksilver.cli.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * {@code <directory>/run/<name>.json}: tells the other processes of the machine that a process is
 * ready and where it listens. {@code <name>.lock} beside it is locked while the process lives, so
 * that there is only one of a kind on one directory, however it ends.
 */
public final class ProcessFile implements AutoCloseable {
  /**
   * What the file says.
   *
   * @param role {@code root}, {@code replica}, {@code bridge} or {@code postgres}
   * @param pid the process's id
   * @param addresses {@code host:port} by what listens there: {@code http}, {@code replication} …
   */
  public record Content(String role, long pid, Map<String, String> addresses) {}

  /** How often a directory is tried that another process is about to leave. */
  private static final long TRY_NANOS = 2_000_000;

  private final Path file;
  private final FileChannel lockChannel;
  private final Path nativeDirectory;

  private ProcessFile(Path file, FileChannel lockChannel, Path nativeDirectory) {
    this.file = file;
    this.lockChannel = lockChannel;
    this.nativeDirectory = nativeDirectory;
  }

  /**
   * Claims the directory for a process of this kind.
   *
   * @throws CommandException if another process has it
   */
  public static ProcessFile claim(Path directory, String name) {
    return tryClaim(directory, name).orElseThrow(() -> inUse(directory, name));
  }

  /**
   * Claims the directory if no other process has it.
   *
   * @throws CommandException if the directory cannot be written to
   */
  public static Optional<ProcessFile> tryClaim(Path directory, String name) {
    Path run = directory.resolve("run");
    try {
      Files.createDirectories(run);
      FileChannel channel =
          FileChannel.open(
              run.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!lock(channel)) {
        channel.close();
        return Optional.empty();
      }
      Path file = run.resolve(name + ".json");
      Files.deleteIfExists(file); // left behind by a process that was killed
      ProcessFile claimed = new ProcessFile(file, channel, nativeDirectory(directory, name));
      claimed.removeNativeDirectory();
      useNativeDirectory(directory, name);
      return Optional.of(claimed);
    } catch (IOException e) {
      throw notWritable(directory, e);
    }
  }

  private static CommandException notWritable(Path directory, IOException e) {
    return new CommandException(
        ExitCode.FAILURE,
        "cannot write to the directory "
            + directory
            + " ("
            + e
            + "): make it writable for this user, or set data.directory to another one");
  }

  /**
   * Claims the directory as soon as the process that has it has left.
   *
   * @param most how long that may take
   * @throws CommandException if it does not leave
   */
  public static ProcessFile claimAfter(Path directory, String name, Duration most) {
    long until = System.nanoTime() + most.toNanos();
    Optional<ProcessFile> claimed = tryClaim(directory, name);
    while (claimed.isEmpty() && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(TRY_NANOS);
      claimed = tryClaim(directory, name);
    }
    return claimed.orElseThrow(() -> inUse(directory, name));
  }

  private static CommandException inUse(Path directory, String name) {
    String who =
        read(directory, name).map(content -> " (process " + content.pid() + ")").orElse("");
    return new CommandException(
        ExitCode.FAILURE,
        "the directory "
            + directory
            + " is in use by another process"
            + who
            + ": stop it, or give this one a data.directory of its own; a replica and serve take"
            + " its place with --node-take-over=true");
  }

  private static Path nativeDirectory(Path directory, String name) {
    return directory.resolve("run").resolve(name + ".native");
  }

  /**
   * Has libraries unpacked in the directory: in /tmp each process that is killed would leave some.
   * Who claims a name does so by itself; it is for those that load libraries before.
   *
   * @throws CommandException if the directory cannot be written to
   */
  public static void useNativeDirectory(Path directory, String name) {
    Path folder = nativeDirectory(directory, name);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw notWritable(directory, e);
    }
    if (System.getProperty(NativeLibraries.FOLDER_PROPERTY) == null) {
      System.setProperty(NativeLibraries.FOLDER_PROPERTY, folder.toString());
    }
  }

  /** A process that was killed while it loaded a library has left it there, in a folder. */
  private void removeNativeDirectory() throws IOException {
    if (Files.isDirectory(nativeDirectory)) {
      List<Path> left;
      try (Stream<Path> walk = Files.walk(nativeDirectory)) {
        left = walk.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path each : left) {
        Files.deleteIfExists(each);
      }
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // held by this JVM
    }
  }

  /** Says that the process is ready, also to systemd if that started it. */
  public void publish(Content content) {
    try {
      Path draft = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(draft, Json.MAPPER.writeValueAsString(content) + "\n");
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ServiceManager.ready();
  }

  /** Returns what a living process has published; empty if there is none. */
  public static Optional<Content> read(Path directory, String name) {
    try {
      Content content =
          Json.MAPPER.readValue(
              Files.readString(directory.resolve("run").resolve(name + ".json")), Content.class);
      return Optional.of(content)
          .filter(c -> ProcessHandle.of(c.pid()).map(ProcessHandle::isAlive).orElse(false));
    } catch (NoSuchFileException | JsonProcessingException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets another process claim the name, which goes on with the files. */
  public void leave() throws IOException {
    lockChannel.close();
  }

  /** Removes what it has made, unless it has {@linkplain #leave left} that. Idempotent. */
  @Override
  public void close() throws IOException {
    if (lockChannel.isOpen()) {
      Files.deleteIfExists(file);
      removeNativeDirectory();
      lockChannel.close();
    }
  }
}

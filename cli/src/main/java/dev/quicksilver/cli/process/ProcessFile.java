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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    Path run = directory.resolve("run");
    try {
      Files.createDirectories(run);
      FileChannel channel =
          FileChannel.open(
              run.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (!lock(channel)) {
        channel.close();
        String who =
            read(directory, name).map(content -> " (process " + content.pid() + ")").orElse("");
        throw new CommandException(
            ExitCode.FAILURE,
            "the directory "
                + directory
                + " is in use by another process"
                + who
                + ": stop it, or give this one a data.directory of its own");
      }
      Path file = run.resolve(name + ".json");
      Files.deleteIfExists(file); // left behind by a process that was killed
      ProcessFile claimed = new ProcessFile(file, channel, run.resolve(name + ".native"));
      claimed.useNativeDirectory();
      return claimed;
    } catch (IOException e) {
      throw new CommandException(
          ExitCode.FAILURE,
          "cannot write to the directory "
              + directory
              + " ("
              + e
              + "): make it writable for this user, or set data.directory to another one");
    }
  }

  /** Has libraries unpacked here: in /tmp each process that is killed would leave some. */
  private void useNativeDirectory() throws IOException {
    removeNativeDirectory();
    Files.createDirectory(nativeDirectory);
    if (System.getProperty(NativeLibraries.FOLDER_PROPERTY) == null) {
      System.setProperty(NativeLibraries.FOLDER_PROPERTY, nativeDirectory.toString());
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

  /** Says that the process is ready. */
  public void publish(Content content) {
    try {
      Path draft = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(draft, Json.MAPPER.writeValueAsString(content) + "\n");
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
    removeNativeDirectory();
    lockChannel.close();
  }
}

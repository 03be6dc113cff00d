package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Where the node of a data directory lives: a PID namespace of a running kernel. LMDB knows the
 * owners of reader slots by process ids, so two processes of different namespaces may have the same
 * one: the second is refused its slot, or has it freed when the first ends and reads pages that are
 * being written over.
 *
 * <p>The file {@code run/pid-namespace} says it in two lines, what {@code /proc/self/ns/pid} points
 * to and the boot id of the machine; {@code pid-namespace.lock} beside it is locked as long as the
 * node runs. What a node has left that runs no more counts for nothing, and one whose lock is seen
 * runs on this kernel, where the first line tells namespaces apart: the boot id is for people,
 * since containers give programs one of their own, which a unit's {@code ProtectProc=} takes away
 * again. (Two files, since whoever closes a file gives up all locks that its process has on it: the
 * node may read what it wrote.)
 */
public final class PidNamespace implements AutoCloseable {
  private static final Path SELF = Path.of("/proc/self/ns/pid");
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final String FILE = "pid-namespace";
  private static final String LOCK = "pid-namespace.lock";
  private static final String UNKNOWN = "";

  private final FileChannel channel;

  private PidNamespace(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Says that the node of a data directory lives in this process's namespace, until this is closed.
   * For the one process that writes there.
   *
   * @throws StorageException IO, NO_SPACE
   */
  public static PidNamespace claim(Path dataDirectory) {
    return claim(dataDirectory, own());
  }

  static PidNamespace claim(Path dataDirectory, String namespace) {
    Path file = file(dataDirectory, FILE);
    try {
      Files.createDirectories(file.getParent());
      FileChannel channel =
          FileChannel.open(
              file(dataDirectory, LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        channel.lock(); // readers that look have it for a moment
        Path next = file.resolveSibling(FILE + ".next");
        Files.writeString(next, namespace);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return new PidNamespace(channel);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO, file + " could not be written: " + e + "; give this user the right to", e);
    }
  }

  /**
   * Refuses to read the files of a node that lives in another namespace.
   *
   * @throws StorageException UNSUPPORTED
   */
  public static void requireShared(Path dataDirectory) {
    requireShared(dataDirectory, own());
  }

  static void requireShared(Path dataDirectory, String namespace) {
    Path file = file(dataDirectory, FILE);
    try {
      String of = Files.readString(file);
      if (namespaceOf(of).equals(namespaceOf(namespace))
          || of.isBlank()
          || namespace.equals(UNKNOWN)
          || !isLocked(file(dataDirectory, LOCK))) {
        return;
      }
      throw new StorageException(
          ErrorCode.UNSUPPORTED,
          "the node of "
              + dataDirectory
              + " runs in another PID namespace ("
              + described(of)
              + ") than this process ("
              + described(namespace)
              + "), and LMDB tells readers apart by process ids: have the containers share it"
              + " (docker run --pid=container:NODE; shareProcessNamespace: true in a pod), or ask"
              + " the node's machine over a socket instead of its files");
    } catch (NoSuchFileException | AccessDeniedException e) {
      // no node has run here since there is such a file, or LMDB will say what is missing
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, file + " could not be read: " + e, e);
    }
  }

  private static String namespaceOf(String lines) {
    return lines.lines().findFirst().orElse(UNKNOWN);
  }

  private static String described(String namespace) {
    return namespace.strip().replace("\n", " of boot ");
  }

  /** A lock of this process is of the same namespace, but for tests. */
  private static boolean isLocked(Path lockFile) throws IOException {
    try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.READ);
        FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
      return lock == null;
    } catch (OverlappingFileLockException e) {
      return true;
    }
  }

  private static Path file(Path dataDirectory, String name) {
    return dataDirectory.resolve("run").resolve(name);
  }

  private static String own() {
    try {
      return Files.readSymbolicLink(SELF) + "\n" + Files.readString(BOOT_ID).strip() + "\n";
    } catch (IOException | UnsupportedOperationException e) {
      return UNKNOWN;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "the PID namespace's file was not closed: " + e, e);
    }
  }
}

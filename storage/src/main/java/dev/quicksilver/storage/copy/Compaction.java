package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Makes a database's file as small as its content, while no process has it open: copies it into a
 * new generation without the free pages, verifies the copy, makes it the generation in use and
 * removes the old one. A crash at any moment leaves one good generation in use.
 */
public final class Compaction {
  private static final String LOCK = "lock.mdb";

  private Compaction() {}

  /**
   * What came of it.
   *
   * @param bytesBefore length of the file before
   * @param bytesAfter length of the file now in use
   * @param verified what verifying the new file has looked at
   */
  public record Result(long bytesBefore, long bytesAfter, Verification verified) {}

  /**
   * Compacts one database. Call it from a platform thread.
   *
   * @throws StorageException INVALID_ARGUMENT if some process, this one too, has the database open,
   *     NOT_FOUND if there is none of this name; CORRUPT, NO_SPACE or IO if the copy failed: then
   *     nothing has changed
   */
  public static Result run(
      DatabaseDirectory directory, String name, StorageOptions options, VerifyProgress progress) {
    Path old =
        directory
            .environment(name)
            .orElseThrow(
                () ->
                    new StorageException(
                        ErrorCode.NOT_FOUND, "there is no database " + name + " to compact"));
    requireUnused(name, old);
    Path next = directory.newGeneration(name);
    boolean used = false;
    try (Database database = Database.open(old, options);
        Appender writeLock = database.append()) {
      Verification verified =
          new CompactCopy(database.environment(), options).write(next, progress);
      if (!verified.head().equals(writeLock.head())) {
        throw new StorageException(
            ErrorCode.IO, "the copy of " + old + " is not its newest commit; try again");
      }
      Result result = new Result(database.fileBytes(), size(next), verified);
      // Whoever came meanwhile has the shared lock by now; whoever comes later waits for ours, and
      // finds no environment here any more.
      try (FileChannel file = openLock(old);
          FileLock lock = tryLock(file)) {
        if (lock == null) {
          throw inUse(name);
        }
        DatabaseDirectory.keepMarks(old, next);
        FailPoint.hit("storage.before-use");
        directory.use(name, next);
        used = true;
        FailPoint.hit("storage.after-use");
        directory.removeGeneration(old);
      }
      return result;
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, old + " could not be locked: " + e, e);
    } finally {
      if (!used) {
        directory.removeGeneration(next);
      }
    }
  }

  private static long size(Path folder) throws IOException {
    return Files.size(folder.resolve(Environment.FILE));
  }

  /** LMDB holds a shared lock on the first byte of its lock file as long as it is open. */
  private static void requireUnused(String name, Path folder) {
    if (Environment.isOpenHere(folder)) { // to touch its lock file would end our own hold on it
      throw inUse(name);
    }
    try (FileChannel file = openLock(folder);
        FileLock lock = tryLock(file)) {
      if (lock == null) {
        throw inUse(name);
      }
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, folder + " could not be locked: " + e, e);
    }
  }

  private static FileChannel openLock(Path folder) throws IOException {
    return FileChannel.open(
        folder.resolve(LOCK),
        StandardOpenOption.CREATE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock(0, 1, false);
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  private static StorageException inUse(String name) {
    return new StorageException(
        ErrorCode.INVALID_ARGUMENT,
        "the database "
            + name
            + " is open in some process; stop the node, its bridge and all readers, then"
            + " compact");
  }
}

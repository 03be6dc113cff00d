package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Makes LMDB's lock file with all its bytes on the disk. LMDB itself would make it with a hole in
 * it and write through a map: on a full disk the process would die of SIGBUS.
 *
 * <p>Whoever reads writes to it. So the group may, too, unless the umask forbids it.
 */
final class LockFile {
  /** Its name. */
  static final String FILE = "lock.mdb";

  /** What LMDB needs for a reader, and for all that stands before the readers, in bytes. */
  private static final int SLOT = 64;

  private static final int SLOTS_BEFORE = 4;

  private static final FileAttribute<Set<PosixFilePermission>> RIGHTS =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-rw----"));

  private LockFile() {}

  /**
   * Makes the file if it is not there. Another process that does the same at the same time wins or
   * loses as a whole. A reader on a read-only disk goes without one, as LMDB does: nothing can
   * write there, as long as the same folder is not mounted writable at another place.
   */
  static void make(Path folder, int maxReaders, boolean readOnly) {
    Path file = folder.resolve(FILE);
    if (Files.exists(file)) {
      return;
    }
    try {
      Path whole = Files.createTempFile(folder, "lock-", ".new", RIGHTS);
      try {
        Files.write(whole, new byte[(maxReaders + SLOTS_BEFORE) * SLOT]);
        Files.createLink(file, whole);
      } finally {
        Files.delete(whole);
      }
    } catch (FileAlreadyExistsException e) {
      // the other process was first
    } catch (IOException e) {
      if (readOnly && String.valueOf(e.getMessage()).contains("Read-only file system")) {
        return;
      }
      throw new StorageException(
          e.getMessage() != null && e.getMessage().contains("No space")
              ? ErrorCode.NO_SPACE
              : ErrorCode.IO,
          file
              + " could not be made ("
              + e
              + "); give its disk room and this user the right to write, then start again",
          e);
    }
  }
}

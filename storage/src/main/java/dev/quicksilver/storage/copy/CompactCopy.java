package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Copies an environment with its log into another folder: LMDB walks the pages of one read
 * transaction, however long that takes, and leaves out those that are free, so the copy is as small
 * as can be. For compaction, when nobody else has the environment open. The copy counts only once
 * it is on the disk and {@link Verifier} has found nothing wrong.
 */
final class CompactCopy {
  private static final String DATA = Environment.FILE;
  private static final String MAKING = "making";

  private final Environment environment;
  private final StorageOptions options;

  CompactCopy(Environment environment, StorageOptions options) {
    this.environment = environment;
    this.options = options;
  }

  Verification write(Path folder, VerifyProgress progress) {
    if (Files.exists(folder.resolve(DATA))) {
      throw new StorageException(ErrorCode.ALREADY_EXISTS, "there is a database in " + folder);
    }
    boolean good = false;
    try {
      Files.createDirectories(folder);
      FailPoint.hit("storage.before-copy");
      copy(folder);
      FailPoint.hit("storage.before-copy-sync");
      Durable.syncFile(folder.resolve(DATA));
      Durable.syncFolder(folder);
      FailPoint.hit("storage.after-copy-sync");
      Verification found;
      try (Database copy = Database.openReadOnly(folder, options)) {
        found = Verifier.verify(copy, progress).requireClean();
      }
      good = true;
      return found;
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO,
          "a copy of " + environment.path + " could not be written to " + folder + ": " + e,
          e);
    } finally {
      if (!good) {
        remove(folder);
      }
    }
  }

  /** LMDB copies into an empty folder only, and this one has a mark in it. */
  private void copy(Path folder) throws IOException {
    Path empty = Files.createDirectory(folder.resolve(MAKING));
    environment.copyTo(empty);
    Files.move(empty.resolve(DATA), folder.resolve(DATA));
    Files.delete(empty);
  }

  private static void remove(Path folder) {
    try {
      Durable.deleteTree(folder.resolve(MAKING));
      Files.deleteIfExists(folder.resolve(DATA));
      Files.deleteIfExists(folder.resolve("lock.mdb"));
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO, "the useless copy in " + folder + " could not be removed: " + e, e);
    }
  }
}

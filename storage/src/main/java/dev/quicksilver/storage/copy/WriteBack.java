package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Has the disk write what commits that did not wait for it have left in the page cache, while the
 * next pairs come. At most what two commits wrote is not on the disk. For one thread.
 */
final class WriteBack {
  private final Path file;
  private @Nullable CompletableFuture<Void> writing;

  WriteBack(Path file) {
    this.file = file;
  }

  /**
   * Waits until what was there at the call before is on the disk, then has that written which is
   * there now.
   */
  void next() {
    await();
    writing = CompletableFuture.runAsync(this::write, WriteBack::start);
  }

  private static void start(Runnable work) { // the common pool has hashing to do
    Thread.ofPlatform().daemon().name("quicksilver-write-back").start(work);
  }

  private void write() {
    try {
      Durable.syncFile(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until what was there at the last {@link #next} is on the disk.
   *
   * @throws StorageException IO if it could not be written
   */
  void await() {
    CompletableFuture<Void> before = writing;
    writing = null;
    if (before != null) {
      try {
        before.join();
      } catch (CompletionException e) {
        throw new StorageException(
            ErrorCode.IO, file + " could not be written to the disk: " + e.getCause(), e);
      }
    }
  }
}

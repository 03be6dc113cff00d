package dev.quicksilver.postgres;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;

/**
 * Directories that are made once, and then only read by all processes of a user. Each is made under
 * another name and renamed when it is complete, so a half-made one is never used and several
 * processes may make the same one at once: the first to be done wins.
 *
 * @param cache the directory that holds them
 * @param clock tells what has been left behind by a process that was killed
 */
record SharedDirectories(Path cache, InstantSource clock) {
  private static final String UNFINISHED = "unfinished-";

  /** Nobody makes anything for so long. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  SharedDirectories(Path cache) {
    this(cache, InstantSource.system());
  }

  /** Fills a directory that is there and empty. */
  interface Maker {
    void make(Path directory) throws IOException, InterruptedException;
  }

  /**
   * Returns the directory called {@code name}, made first if it is not there.
   *
   * @param proof a file in it, without which it is not there
   * @throws IOException if it can be neither found nor made
   */
  Path obtain(String name, String proof, Maker maker) throws IOException, InterruptedException {
    Path directory = cache.resolve(name);
    if (Files.exists(directory.resolve(proof))) {
      return directory;
    }
    Files.createDirectories(cache);
    removeAbandoned();
    Path unfinished = Files.createTempDirectory(cache, UNFINISHED);
    try {
      maker.make(unfinished);
      Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw e;
    } catch (FileSystemException e) {
      if (!Files.exists(directory.resolve(proof))) {
        throw e;
      }
      // Another process was faster; its copy is as good.
    } finally {
      FileTrees.delete(unfinished);
    }
    return directory;
  }

  private void removeAbandoned() throws IOException {
    FileTime oldest = FileTime.from(clock.instant().minus(ABANDONED));
    try (DirectoryStream<Path> left = Files.newDirectoryStream(cache, UNFINISHED + "*")) {
      for (Path directory : left) {
        if (isOlder(directory, oldest)) {
          FileTrees.delete(directory);
        }
      }
    }
  }

  private static boolean isOlder(Path directory, FileTime time) throws IOException {
    try {
      return Files.getLastModifiedTime(directory).compareTo(time) < 0;
    } catch (NoSuchFileException e) {
      return false; // Finished meanwhile.
    }
  }
}

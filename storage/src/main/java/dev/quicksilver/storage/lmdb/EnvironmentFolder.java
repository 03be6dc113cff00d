package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The folder of an environment as the file system knows it: one that is made again at the same path
 * is another.
 */
record EnvironmentFolder(Path path, @Nullable Object fileKey, FileTime created) {
  /**
   * Returns what a path leads to.
   *
   * @throws StorageException IO if it cannot be read
   */
  static EnvironmentFolder of(Path path) {
    try {
      BasicFileAttributes attributes = attributes(path);
      return new EnvironmentFolder(
          path.toRealPath(), attributes.fileKey(), attributes.creationTime());
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Refuses to go on without a file of data: LMDB would make an environment where there is none, or
   * of an empty file.
   *
   * @throws StorageException NOT_FOUND, WRONG_FORMAT
   */
  static void requireFile(Path path) {
    Path file = path.resolve(Environment.FILE);
    if (!Files.exists(file)) {
      throw new StorageException(
          ErrorCode.NOT_FOUND, "there is no database in " + path + " (no data.mdb)");
    }
    try {
      if (Files.size(file) == 0) {
        throw new StorageException(
            ErrorCode.WRONG_FORMAT,
            file
                + " is empty, not an LMDB environment; remove the database's folder, and a replica"
                + " copies it anew");
      }
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Returns what tells a folder and its data from others; not when they were made, which not all
   * file systems know.
   *
   * @throws StorageException IO if one of them cannot be read
   */
  static List<String> fileKeys(Path path) {
    try {
      return List.of(
          String.valueOf(attributes(path).fileKey()),
          String.valueOf(attributes(path.resolve(Environment.FILE)).fileKey()));
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private static BasicFileAttributes attributes(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class);
  }

  private static StorageException unreadable(Path path, IOException e) {
    return new StorageException(ErrorCode.IO, path + " cannot be read: " + e.getMessage(), e);
  }
}

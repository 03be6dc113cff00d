package dev.quicksilver.edge;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One generation of a database, open.
 *
 * @param identity tells it from every other, also from a later folder of the same name
 */
record Generation(Identity identity, Database database) implements AutoCloseable {
  /** The folder as the file system knows it: names can come again, this does not. */
  record Identity(Path folder, @Nullable Object fileKey, FileTime created) {}

  /** Returns what is in use; empty while the database is not there. */
  static Optional<Identity> inUse(DatabaseDirectory directory, String name) {
    Optional<Path> folder = directory.environment(name);
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(folder.get(), BasicFileAttributes.class);
      return Optional.of(
          new Identity(folder.get(), attributes.fileKey(), attributes.creationTime()));
    } catch (NoSuchFileException e) {
      return Optional.empty(); // dropped between the two looks
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, folder.get() + " cannot be read: " + e, e);
    }
  }

  static Generation open(Identity identity, StorageOptions options) {
    return new Generation(identity, Database.openReadOnly(identity.folder(), options));
  }

  @Override
  public void close() {
    database.close();
  }
}

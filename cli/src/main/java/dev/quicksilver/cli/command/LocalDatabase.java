package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens a database of a data directory beside the process that writes it. */
public final class LocalDatabase {
  private LocalDatabase() {}

  /**
   * Opens it read-only; the caller closes it.
   *
   * @throws CommandException if the directory or the database is not there
   */
  public static Database open(Configuration configuration, String name) {
    Path environment = directory(configuration, name).environment(name).orElseThrow();
    return Database.openReadOnly(environment, NodeCommand.storageOptions(configuration));
  }

  /**
   * Returns the directory that holds the database.
   *
   * @throws CommandException if the directory or the database is not there
   */
  static DatabaseDirectory directory(Configuration configuration, String name) {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    DatabaseDirectory directory =
        require(
            data,
            "give "
                + Settings.DATA_DIRECTORY.flag()
                + ", or --node HOST:PORT to ask a running node");
    if (directory.environment(name).isEmpty()) {
      throw new CommandException(
          ExitCode.NOT_FOUND,
          "there is no database \""
              + name
              + "\" in "
              + data
              + "; there are: "
              + String.join(", ", directory.names()));
    }
    return directory;
  }

  /**
   * Returns a data directory in which a root or a replica keeps its databases.
   *
   * @param cure what to do if it is none
   * @throws CommandException if it is not there or is something else
   * @throws StorageException UNSUPPORTED if LMDB does not work there, or from here
   * @throws UncheckedIOException if this user may not look
   */
  static DatabaseDirectory require(Path data, String cure) {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    if (Files.isDirectory(data) && !(Files.isReadable(data) && Files.isExecutable(data))) {
      throw new UncheckedIOException(new AccessDeniedException(data.toString()));
    }
    if (!directory.exists()) {
      throw new CommandException(
          ExitCode.NOT_FOUND,
          (Files.exists(data) ? data + " is not a data directory: " : data + " is not there: ")
              + cure);
    }
    directory.requireShareable();
    return directory;
  }
}

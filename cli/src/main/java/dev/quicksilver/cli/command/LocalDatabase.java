package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.DirectoryAccess;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A database of a data directory, open beside the process that writes it, in the generation that is
 * in use. For one thread at a time.
 */
public final class LocalDatabase implements AutoCloseable {
  private final String name;
  private final FollowedDatabases followed;
  private FollowedDatabases.View view;

  private LocalDatabase(String name, FollowedDatabases followed) {
    this.name = name;
    this.followed = followed;
    this.view = followed.viewNow();
  }

  /**
   * Opens it read-only.
   *
   * @throws CommandException if the directory or the database is not there
   */
  public static LocalDatabase open(Configuration configuration, String name) {
    directory(configuration, name);
    FollowedDatabases followed =
        new FollowedDatabases(
            configuration.get(Settings.DATA_DIRECTORY),
            Optional.of(name),
            NodeCommand.storageOptions(configuration),
            System::nanoTime);
    LocalDatabase opened = new LocalDatabase(name, followed);
    try {
      opened.database();
      return opened;
    } catch (StorageException e) {
      opened.close();
      throw e;
    }
  }

  /** Returns the database that was in use when this was opened, or {@link #now} last called. */
  public Database database() {
    return followed().database();
  }

  private FollowedDatabases.Followed followed() {
    StorageException unopened = view.unopened().get(name);
    if (unopened != null) {
      throw unopened;
    }
    return view.find(name)
        .orElseThrow(
            () ->
                new StorageException(
                    ErrorCode.NOT_FOUND, "database \"" + name + "\" was dropped meanwhile"));
  }

  /** Returns the database that is in use now; the one before is closed if that is another. */
  Database now() {
    FollowedDatabases.View before = view;
    view = followed.viewNow();
    before.close();
    return database();
  }

  /** Refuses a database that its node does not serve, as the node does itself. */
  LocalDatabase requireServed() {
    Optional<String> withheld = followed().withheld();
    if (withheld.isPresent()) {
      throw DatabaseDirectory.notServed(name, withheld.get());
    }
    return this;
  }

  @Override
  public void close() {
    view.close();
    followed.close();
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
   * @throws CommandException if it is not there, is something else, or this user may not look
   * @throws StorageException UNSUPPORTED if LMDB does not work there, or from here
   */
  static DatabaseDirectory require(Path data, String cure) {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    DirectoryAccess.require(data);
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

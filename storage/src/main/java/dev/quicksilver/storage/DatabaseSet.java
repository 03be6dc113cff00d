package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * The databases of one node, each open once in this process, for reading and writing. Shared by the
 * gateway, the follower and the server of a process. Safe for all threads.
 */
public final class DatabaseSet implements AutoCloseable {
  /** The reserved name of the catalog: the database that lists the databases. */
  public static final String CATALOG = "quicksilver";

  private final Path dataDirectory;
  private final DatabaseDirectory directory;
  private final StorageOptions options;
  private final Map<String, Database> open = new ConcurrentSkipListMap<>();
  private final Map<String, StorageException> damaged = new ConcurrentSkipListMap<>();
  private final CompletenessFile completenessFile;
  private volatile Optional<Completeness> completeness = Optional.empty();

  private DatabaseSet(Path dataDirectory, StorageOptions options) {
    this.dataDirectory = dataDirectory;
    this.directory = new DatabaseDirectory(dataDirectory);
    this.options = options;
    this.completenessFile = new CompletenessFile(dataDirectory);
  }

  /** Opens all databases of a data directory; makes it one if there are none. */
  public static DatabaseSet open(Path dataDirectory, StorageOptions options) {
    return open(dataDirectory, options, false);
  }

  /**
   * The same for a node that can copy its databases from another one: those that are too damaged to
   * be opened (CORRUPT) do not keep it from serving the others, see {@link #damage}.
   */
  public static DatabaseSet openUndamaged(Path dataDirectory, StorageOptions options) {
    return open(dataDirectory, options, true);
  }

  private static DatabaseSet open(Path dataDirectory, StorageOptions options, boolean replaceable) {
    NativeLibraries.require(); // now, not when the first database comes
    DatabaseSet set = new DatabaseSet(dataDirectory, options);
    try {
      set.directory.create();
      set.directory.removeLeftovers();
      for (String name : set.directory.names()) {
        set.directory.environment(name).ifPresent(folder -> set.open(name, folder, replaceable));
      }
      set.completeness = set.completenessFile.read();
    } catch (RuntimeException e) {
      set.close();
      throw e;
    }
    return set;
  }

  private void open(String name, Path folder, boolean replaceable) {
    try {
      open.put(name, Database.open(folder, options));
    } catch (StorageException e) {
      if (!replaceable || e.code() != ErrorCode.CORRUPT) {
        throw e;
      }
      damaged.put(name, e);
    }
  }

  /**
   * Returns the databases that are there and could not be opened, and why. {@link #useCopy}, {@link
   * #replace} and {@link #drop} end that.
   */
  public Map<String, StorageException> damaged() {
    return Map.copyOf(damaged);
  }

  /** Returns why a database that is there could not be opened; empty if it could. */
  public Optional<StorageException> damage(String name) {
    return Optional.ofNullable(damaged.get(name));
  }

  /** Returns the database with this name, if it is there. */
  public Optional<Database> get(String name) {
    return Optional.ofNullable(open.get(name));
  }

  /** Returns all databases, sorted by name. */
  public List<Database> all() {
    return List.copyOf(open.values());
  }

  /**
   * Makes a new, empty database and opens it.
   *
   * @throws StorageException ALREADY_EXISTS if there is one of this name
   */
  public synchronized Database create(DatabaseIdentity identity) {
    if (open.containsKey(identity.name()) || damaged.containsKey(identity.name())) {
      throw new StorageException(
          ErrorCode.ALREADY_EXISTS, "there is already a database " + identity.name());
    }
    Path folder = directory.newGeneration(identity.name());
    Database database = made(folder, identity);
    directory.use(identity.name(), folder);
    open.put(identity.name(), database);
    return database;
  }

  /** Who tries again and again on a full disk must not leave a folder each time. */
  private Database made(Path folder, DatabaseIdentity identity) {
    try {
      return Database.create(folder, identity, options);
    } catch (StorageException e) {
      directory.removeGeneration(folder);
      throw e;
    }
  }

  /**
   * Puts a new, empty database in the place of the one that has its name, if there is one. Wherever
   * this stops, the data directory holds one of the two.
   */
  public synchronized Database replace(DatabaseIdentity identity) {
    Path folder = directory.newGeneration(identity.name());
    Database database = made(folder, identity);
    Optional<Path> before = use(identity.name(), folder);
    Database old = open.put(identity.name(), database);
    if (old != null) {
      old.close();
    }
    before.ifPresent(directory::removeGeneration);
    return database;
  }

  /** Makes a generation the one in use and returns the one that was, which nobody needs now. */
  private Optional<Path> use(String name, Path folder) {
    Optional<Path> before = directory.environment(name);
    directory.use(name, folder);
    FailPoint.hit("storage.between-generations");
    damaged.remove(name);
    return before;
  }

  /**
   * Returns the last that is durable of where this node is complete; empty if it never was, or does
   * not know. It was said of what was here then: a database may have been lost, or been replaced by
   * a copy that is behind, since. {@link Completeness#missing} tells.
   */
  public Optional<Completeness> completeness() {
    return completeness;
  }

  /**
   * Says durably that this node is complete up to a position, and wakes those who wait for it at
   * the catalog; nothing happens if it has said so of a later one.
   *
   * @throws StorageException NO_SPACE, IO
   */
  public synchronized void complete(Completeness upTo) {
    if (upTo.isAfter(completeness)) {
      completenessFile.write(upTo);
      completeness = Optional.of(upTo);
      get(CATALOG).ifPresent(Database::nudge);
    }
  }

  /** Drops all databases, once it does not say any more up to where it is complete. */
  public synchronized void forget() {
    completenessFile.delete();
    completeness = Optional.empty();
    Stream.concat(List.copyOf(open.keySet()).stream(), List.copyOf(damaged.keySet()).stream())
        .forEach(this::drop);
  }

  /** Returns the node's data directory, of which the databases are a part. */
  public Path dataDirectory() {
    return dataDirectory;
  }

  /** Returns how the databases are opened. */
  public StorageOptions options() {
    return options;
  }

  /** Has readers refused a database, see {@link DatabaseDirectory#withhold}. */
  public synchronized void withhold(String name, String why) {
    directory.withhold(name, why);
  }

  /** Lets readers have a database again. */
  public synchronized void serveAgain(String name) {
    directory.serveAgain(name);
  }

  /** Returns why readers are refused a database, if they are. */
  public Optional<String> withheld(String name) {
    return directory.withheld(name);
  }

  /** Notes that a database was contradicted, see {@link DatabaseDirectory#diverged}. */
  public synchronized void diverged(String name, String why) {
    directory.diverged(name, why);
  }

  /** Notes that what contradicted a database was wrong. */
  public synchronized void follows(String name) {
    directory.follows(name);
  }

  /** Returns what has contradicted a database, if anything has. */
  public Optional<String> diverged(String name) {
    return directory.diverged(name);
  }

  /** Refuses to read a database that is withheld, see {@link DatabaseDirectory#requireServed}. */
  public void requireServed(String name) {
    directory.requireServed(name);
  }

  /** Says whether a copy of a database was begun that is neither in use nor given up. */
  public boolean copyBegun(String name) {
    return directory.copyBegun(name);
  }

  /** Returns the folder for a copy of a database: the one that was begun, or a new, empty one. */
  public synchronized Path copyFolder(String name) {
    return directory.copyGeneration(name);
  }

  /** Gives up the copy that was begun, if there is one, and removes it. It must not be open. */
  public synchronized void abandonCopy(String name) {
    directory.abandonCopy(name);
  }

  /**
   * Puts the finished copy in the place of the database that has its name, if there is one, without
   * a failed read: snapshots that are open stay on the old one, whose environment closes with the
   * last of them, and whoever still has the old one as a {@link Database} reads the new one through
   * it. Other processes keep what they have open. Wherever this stops, the data directory holds one
   * of the two.
   *
   * @throws StorageException NOT_FOUND if no copy was begun, UNFINISHED if it is not finished
   */
  public synchronized Database useCopy(String name) {
    Path folder = directory.copyGeneration(name);
    Database copy = Database.open(folder, options);
    Optional<Path> before = use(name, folder);
    Database old = open.put(name, copy);
    if (old != null) {
      old.closeInFavourOf(copy);
    }
    before.ifPresent(directory::removeGeneration);
    return copy;
  }

  /** Closes a database and removes its files; nothing happens if there is none. */
  public synchronized void drop(String name) {
    Database database = open.remove(name);
    if (database != null) {
      database.close();
    }
    if (damaged.remove(name) != null || database != null) {
      directory.drop(name);
    }
  }

  @Override
  public synchronized void close() {
    open.values().forEach(Database::close);
    open.clear();
    completenessFile.close();
  }
}

package dev.quicksilver.bridge.catalog;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Pair;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.StorageException;
import dev.quicksilver.storage.StorageOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The replica's databases, each open once and read-only in this process. They appear and vanish
 * while the bridge runs: every new transaction looks at the directory again. A database that is
 * replaced or dropped is closed when its last reader leaves. Safe for all threads.
 */
public final class Replica implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Replica.class);

  private final DatabaseDirectory directory;
  private final StorageOptions options;
  private final TreeMap<String, Shared> open = new TreeMap<>();
  private final TreeMap<String, String> unopened = new TreeMap<>();
  private long generation;

  /** A database with the number of its readers; guarded by the replica. */
  public static final class Shared {
    private final Database database;
    private final Path folder;
    private final Object file;
    private int readers;
    private boolean retired;
    private volatile Optional<String> withheld = Optional.empty();
    private volatile Optional<String> diverged = Optional.empty();

    Shared(Database database, Path folder, Object file) {
      this.database = database;
      this.folder = folder;
      this.file = file;
    }

    /** Returns it, open until the last of its readers leaves. */
    public Database database() {
      return database;
    }

    /** Returns why its pairs and its log must not be read, if so. */
    public Optional<String> withheld() {
      return withheld;
    }

    /** Returns what has contradicted it, if anything has and nothing has proved it right since. */
    public Optional<String> diverged() {
      return diverged;
    }
  }

  /** Reads the databases below a node's data directory, which may not exist yet. */
  public Replica(Path dataDirectory, StorageOptions options) {
    this.directory = new DatabaseDirectory(dataDirectory);
    this.options = options;
  }

  /**
   * A view for one transaction; snapshots are taken when a database is first read.
   *
   * @param rights what it shows; all else is not there
   */
  public synchronized ReplicaView view(Rights rights) {
    SortedMap<String, Shared> acquired = acquire(rights::allow);
    return new ReplicaView(this, acquired, generation);
  }

  /** Takes a reference to every wanted database that is there now. */
  private SortedMap<String, Shared> acquire(Predicate<String> wanted) {
    refresh();
    var result = new TreeMap<String, Shared>();
    open.forEach(
        (name, shared) -> {
          if (wanted.test(name) && !name.equals(DatabaseSet.CATALOG)) {
            shared.readers++;
            result.put(name, shared);
          }
        });
    return result;
  }

  /**
   * The value of a pair of the catalog; empty if there is none.
   *
   * @throws StorageException if it cannot be read, or must not be
   * @throws IOException if there is no catalog here
   */
  public Optional<byte[]> catalogValue(String key) throws IOException {
    Shared catalog;
    synchronized (this) {
      refresh();
      catalog = open.get(DatabaseSet.CATALOG);
      if (catalog == null) {
        throw new IOException(
            "no catalog: " + unopened.getOrDefault(DatabaseSet.CATALOG, "it has not come yet"));
      }
      catalog.readers++;
    }
    try {
      directory.requireServed(DatabaseSet.CATALOG);
      try (Snapshot snapshot = catalog.database.snapshot()) {
        return Optional.ofNullable(snapshot.get(key.getBytes(StandardCharsets.UTF_8)))
            .map(Pair::value);
      }
    } finally {
      release(List.of(catalog));
    }
  }

  /**
   * Shows a function all databases, and why others could not be opened, by name; none of them is
   * closed before it is back.
   */
  public <T> T look(BiFunction<Collection<Shared>, Map<String, String>, T> function) {
    SortedMap<String, Shared> acquired;
    Map<String, String> left;
    synchronized (this) {
      acquired = acquire(name -> true);
      left = Map.copyOf(unopened);
    }
    try {
      return function.apply(acquired.values(), left);
    } finally {
      release(acquired.values());
    }
  }

  /** What changes whenever the catalog does. */
  public synchronized String catalogVersion() {
    refresh();
    Shared catalog = open.get(DatabaseSet.CATALOG);
    try {
      return catalog == null
          ? ""
          : catalog.database.identity().id() + " " + catalog.database.head().lastSequence();
    } catch (StorageException e) {
      return e.toString();
    }
  }

  synchronized void release(Iterable<Shared> databases) {
    for (Shared shared : databases) {
      shared.readers--;
      closeIfUnused(shared);
    }
  }

  private void refresh() {
    Set<String> names = new HashSet<>(directory.names());
    open.entrySet()
        .removeIf(
            entry -> {
              Optional<Path> folder =
                  names.contains(entry.getKey())
                      ? directory.environment(entry.getKey())
                      : Optional.empty();
              if (folder.isPresent()
                  && folder.get().equals(entry.getValue().folder)
                  && fileKey(folder.get()).equals(entry.getValue().file)) {
                return false;
              }
              entry.getValue().retired = true;
              closeIfUnused(entry.getValue());
              generation++;
              return true;
            });
    unopened.keySet().retainAll(names);
    for (String name : names) {
      if (!open.containsKey(name)) {
        open(name);
      }
      Shared shared = open.get(name);
      if (shared != null) {
        shared.withheld = directory.withheld(name);
        shared.diverged = directory.diverged(name);
      }
    }
  }

  private void open(String name) {
    Optional<Path> folder = directory.environment(name);
    if (folder.isEmpty()) {
      return;
    }
    try {
      Object file = fileKey(folder.get());
      open.put(name, new Shared(Database.openReadOnly(folder.get(), options), folder.get(), file));
      if (!name.equals(DatabaseSet.CATALOG)) {
        generation++;
      }
      unopened.remove(name);
    } catch (StorageException e) {
      if (!directory.environment(name).equals(folder)) { // replaced and removed just now
        open(name);
        return;
      }
      String why = e.code() + ": " + e.getMessage();
      if (!why.equals(unopened.put(name, why))) { // it is tried again with each transaction
        LOG.warn("database {} in {} cannot be opened and is left out: {}", name, folder.get(), why);
      }
    }
  }

  /** Tells a database from another one that was later made in the same place. */
  private static Object fileKey(Path folder) {
    try {
      Object key =
          Files.readAttributes(folder.resolve("data.mdb"), BasicFileAttributes.class).fileKey();
      return key == null ? folder : key;
    } catch (IOException e) {
      return "gone";
    }
  }

  private void closeIfUnused(Shared shared) {
    if (shared.retired && shared.readers == 0) {
      shared.database.close();
    }
  }

  /** Closes all databases; views must be closed before. */
  @Override
  public synchronized void close() {
    open.values()
        .forEach(
            shared -> {
              shared.retired = true;
              closeIfUnused(shared);
            });
    open.clear();
  }
}

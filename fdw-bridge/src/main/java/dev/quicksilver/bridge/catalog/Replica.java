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
import java.time.InstantSource;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The replica's databases, each open once and read-only in this process. They appear and vanish
 * while the bridge runs. The whole directory is looked at when somebody asks for all databases, or
 * for one that is not known or not in use any more, and otherwise at most every tenth of a second:
 * a transaction asks the file system only about the databases that it reads. A database that is
 * replaced or dropped is closed when its last reader leaves. Safe for all threads.
 */
public final class Replica implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
  private static final long LOOK_NANOS = 100_000_000;

  private final DatabaseDirectory directory;
  private final StorageOptions options;
  private final Freshness freshness;
  private final TreeMap<String, Shared> open = new TreeMap<>();
  private final TreeMap<String, String> unopened = new TreeMap<>();
  private final LongSupplier nanoClock;
  private long generation;
  private Opened opened = new Opened(Collections.emptySortedMap(), null, 0);
  private long lookedAt;

  /** All databases as they were at one look, and how many use it; guarded by the replica. */
  static final class Opened {
    private final SortedMap<String, Shared> databases;
    private final @Nullable Shared catalog;
    private final long generation;
    private int users;

    Opened(SortedMap<String, Shared> databases, @Nullable Shared catalog, long generation) {
      this.databases = databases;
      this.catalog = catalog;
      this.generation = generation;
    }

    /** By name, without the catalog; never changed. */
    SortedMap<String, Shared> databases() {
      return databases;
    }

    /** Grows with every change. */
    long generation() {
      return generation;
    }
  }

  /** A database with the number of looks that have it and are used; guarded by the replica. */
  public static final class Shared {
    private final Database database;
    private final Path folder;
    private final Object file;
    private final DatabaseDirectory.InUse inUse;
    private int readers;
    private boolean retired;
    private volatile Optional<String> withheld = Optional.empty();
    private volatile Optional<String> diverged = Optional.empty();

    Shared(Database database, Path folder, Object file, DatabaseDirectory.InUse inUse) {
      this.database = database;
      this.folder = folder;
      this.file = file;
      this.inUse = inUse;
    }

    /** Asks the file system whether it is in use, and served or not, as it was when last seen. */
    boolean isAsSeen() {
      return inUse.fileKey().filter(file::equals).isPresent()
          && inUse.isWithheld() == withheld.isPresent();
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
    this(dataDirectory, options, System::nanoTime);
  }

  /** The same with a clock that says when to look at the directory again. */
  public Replica(Path dataDirectory, StorageOptions options, LongSupplier nanoClock) {
    this.freshness = new Freshness(dataDirectory, InstantSource.system());
    this.directory = new DatabaseDirectory(dataDirectory);
    this.options = options;
    this.nanoClock = nanoClock;
    this.lookedAt = nanoClock.getAsLong() - LOOK_NANOS;
  }

  /**
   * A view for one transaction; snapshots are taken when a database is first read.
   *
   * @param rights what it shows; all else is not there
   * @param judge whether a database is new enough to be read
   */
  public ReplicaView view(Rights rights, ReplicaView.Judge judge) {
    return new ReplicaView(this, acquire(), rights, judge);
  }

  /** How far behind they are. */
  public Freshness freshness() {
    return freshness;
  }

  /** The databases as they were a tenth of a second ago or later. */
  private synchronized Opened acquire() {
    if (nanoClock.getAsLong() - lookedAt >= LOOK_NANOS) {
      look();
    }
    opened.users++;
    return opened;
  }

  /** The databases as they are now. */
  synchronized Opened acquireNow() {
    look();
    opened.users++;
    return opened;
  }

  private void look() {
    refresh();
    lookedAt = nanoClock.getAsLong();
    if (opened.generation != generation) {
      Opened before = opened;
      var databases = new TreeMap<>(open);
      Shared catalog = databases.remove(DatabaseSet.CATALOG);
      opened = new Opened(Collections.unmodifiableSortedMap(databases), catalog, generation);
      open.values().forEach(shared -> shared.readers++);
      forgetIfUnused(before);
    }
  }

  /**
   * The value of a pair of the catalog; empty if there is none.
   *
   * @throws StorageException if it cannot be read, or must not be
   * @throws IOException if there is no catalog here
   */
  public Optional<byte[]> catalogValue(String key) throws IOException {
    Opened now = acquire(); // its pairs are those of this moment all the same
    try {
      Shared catalog = now.catalog;
      if (catalog == null) {
        throw new IOException("there is no catalog that can be opened");
      }
      directory.requireServed(DatabaseSet.CATALOG);
      try (Snapshot snapshot = catalog.database.snapshot()) {
        return Optional.ofNullable(snapshot.get(key.getBytes(StandardCharsets.UTF_8)))
            .map(Pair::value);
      }
    } finally {
      release(now);
    }
  }

  /**
   * Shows a function all databases, and why others could not be opened, by name; none of them is
   * closed before it is back.
   */
  public <T> T look(BiFunction<Collection<Shared>, Map<String, String>, T> function) {
    Opened acquired;
    Map<String, String> left;
    synchronized (this) {
      acquired = acquireNow();
      left = Map.copyOf(unopened);
    }
    try {
      return function.apply(acquired.databases.values(), left);
    } finally {
      release(acquired);
    }
  }

  /** What changes whenever the catalog does. */
  public String catalogVersion() {
    Opened now = acquireNow();
    try {
      Shared catalog = now.catalog;
      return catalog == null
          ? ""
          : catalog.database.identity().id() + " " + catalog.database.head().lastSequence();
    } catch (StorageException e) {
      return e.toString();
    } finally {
      release(now);
    }
  }

  synchronized void release(Opened used) {
    used.users--;
    forgetIfUnused(used);
  }

  private void forgetIfUnused(Opened used) {
    if (used != opened && used.users == 0) {
      for (Shared shared : used.databases.values()) {
        leave(shared);
      }
      if (used.catalog != null) {
        leave(used.catalog);
      }
    }
  }

  private void leave(Shared shared) {
    shared.readers--;
    closeIfUnused(shared);
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
      Database database = Database.openReadOnly(folder.get(), options);
      open.put(name, new Shared(database, folder.get(), file, directory.inUse(name)));
      generation++;
      unopened.remove(name);
    } catch (StorageException e) {
      if (!directory.environment(name).equals(folder)) { // replaced and removed just now
        open(name);
        return;
      }
      String why = e.code() + ": " + e.getMessage();
      if (!why.equals(unopened.put(name, why))) { // it is tried again with each look
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
    Opened last = opened;
    opened = new Opened(Collections.emptySortedMap(), null, ++generation);
    open.values().forEach(shared -> shared.retired = true);
    forgetIfUnused(last);
    open.values().forEach(this::closeIfUnused);
    open.clear();
  }
}

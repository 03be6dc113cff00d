package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Pair;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The databases of a node as another process of the machine reads them: each one's generation in
 * use, open once and read-only. They appear, are replaced and vanish while this is open, and what
 * was replaced or dropped is closed when the last {@link View} that holds it is. The directory is
 * looked at when somebody asks for all databases as they are now, and otherwise at most every tenth
 * of a second. Safe for all threads.
 */
public final class FollowedDatabases implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FollowedDatabases.class);
  private static final long LOOK_NANOS = 100_000_000;

  private final DatabaseDirectory directory;
  private final StorageOptions options;
  private final Optional<String> only;
  private final LongSupplier nanoClock;
  private final TreeMap<String, Followed> open = new TreeMap<>();
  private final TreeMap<String, StorageException> unopened = new TreeMap<>();
  private long generation;
  private volatile Held held = new Held(Map.of(), Map.of(), 0);
  private long lookedAt;

  /** A database. Open as long as a view that was made with it is; what is said of it changes. */
  public static final class Followed {
    private final Database database;
    private final Path folder;
    private final Object file;
    private final DatabaseDirectory.InUse inUse;
    private int holders; // guarded by the FollowedDatabases, as is the next one
    private boolean retired;
    private volatile Optional<String> withheld = Optional.empty();
    private volatile Optional<String> diverged = Optional.empty();

    private Followed(Database database, Path folder, Object file, DatabaseDirectory.InUse inUse) {
      this.database = database;
      this.folder = folder;
      this.file = file;
      this.inUse = inUse;
    }

    /** Asks the file system whether it is in use, and served or not, as it was when last seen. */
    public boolean isAsSeen() {
      return inUse.fileKey().filter(file::equals).isPresent()
          && inUse.isWithheld() == withheld.isPresent();
    }

    /** Returns the database of this generation. */
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

  /** The databases as they were at one look, and how many views of it there are. */
  private static final class Held {
    private final SortedMap<String, Followed> databases;
    private final @Nullable Followed catalog;
    private final Map<String, StorageException> unopened;
    private final long generation;
    private int views;

    Held(Map<String, Followed> open, Map<String, StorageException> unopened, long generation) {
      var others = new TreeMap<>(open);
      this.catalog = others.remove(DatabaseSet.CATALOG);
      this.databases = Collections.unmodifiableSortedMap(others);
      this.unopened = Map.copyOf(unopened);
      this.generation = generation;
    }

    void all(Consumer<Followed> action) {
      databases.values().forEach(action);
      if (catalog != null) {
        action.accept(catalog);
      }
    }
  }

  /** All databases as they were at one look; none of them is closed before the view is. */
  public final class View implements AutoCloseable {
    private final Held seen;
    private boolean closed;

    private View(Held seen) {
      this.seen = seen;
      seen.views++;
    }

    /** Returns them by name, without the catalog; never changed. */
    public SortedMap<String, Followed> databases() {
      return seen.databases;
    }

    /** Returns the catalog, if it is there. */
    public Optional<Followed> catalog() {
      return Optional.ofNullable(seen.catalog);
    }

    /** Returns one of them by its name, the catalog too; empty if it is not there. */
    public Optional<Followed> find(String name) {
      return name.equals(DatabaseSet.CATALOG)
          ? catalog()
          : Optional.ofNullable(seen.databases.get(name));
    }

    /** Returns those that are there and could not be opened, and why; tried with each look. */
    public Map<String, StorageException> unopened() {
      return seen.unopened;
    }

    /** Returns a number that grows with every change of what there is. */
    public long generation() {
      return seen.generation;
    }

    @Override
    public void close() {
      synchronized (FollowedDatabases.this) {
        if (!closed) {
          closed = true;
          seen.views--;
          forgetIfUnused(seen);
        }
      }
    }
  }

  /** Follows all databases below a node's data directory, which may not exist yet. */
  public FollowedDatabases(Path dataDirectory, StorageOptions options) {
    this(dataDirectory, Optional.empty(), options, System::nanoTime);
  }

  /** The same, perhaps of one database alone, with a clock that says when to look again. */
  public FollowedDatabases(
      Path dataDirectory, Optional<String> only, StorageOptions options, LongSupplier nanoClock) {
    this.directory = new DatabaseDirectory(dataDirectory);
    this.only = only;
    this.options = options;
    this.nanoClock = nanoClock;
    this.lookedAt = nanoClock.getAsLong() - LOOK_NANOS;
  }

  /** Returns the databases as they were a tenth of a second ago or later. */
  public synchronized View view() {
    if (nanoClock.getAsLong() - lookedAt >= LOOK_NANOS) {
      look();
    }
    return new View(held);
  }

  /** Returns the databases as they are now. */
  public synchronized View viewNow() {
    look();
    return new View(held);
  }

  /** Returns a number that is another one whenever a new view would have other databases. */
  public long generation() {
    return held.generation;
  }

  /** Returns the databases as they were when last looked at: asks the file system nothing. */
  public synchronized View viewAsSeen() {
    return new View(held);
  }

  /**
   * Returns the value of a pair of the catalog, by its newest commit; empty if there is none.
   *
   * @throws StorageException if it cannot be read, or must not be; NOT_FOUND if there is no catalog
   */
  public Optional<byte[]> catalogValue(String key) {
    try (View now = view()) {
      Followed catalog =
          now.catalog()
              .orElseThrow(
                  () ->
                      new StorageException(
                          ErrorCode.NOT_FOUND,
                          "there is no catalog here that can be opened: has the node copied it?"));
      directory.requireServed(DatabaseSet.CATALOG);
      try (Snapshot snapshot = catalog.database.snapshot()) {
        return Optional.ofNullable(snapshot.get(key.getBytes(StandardCharsets.UTF_8)))
            .map(Pair::value);
      }
    }
  }

  /** Returns what is another text whenever the catalog is another. */
  public String catalogVersion() {
    try (View now = viewNow()) {
      return now.catalog()
          .map(
              catalog ->
                  catalog.database.identity().id() + " " + catalog.database.head().lastSequence())
          .orElse("");
    } catch (StorageException e) {
      return e.toString();
    }
  }

  private void look() {
    refresh();
    lookedAt = nanoClock.getAsLong();
    if (held.generation != generation) {
      Held before = held;
      held = new Held(open, unopened, generation);
      held.all(followed -> followed.holders++);
      forgetIfUnused(before);
    }
  }

  private void forgetIfUnused(Held seen) {
    if (seen != held && seen.views == 0) {
      seen.all(
          followed -> {
            followed.holders--;
            closeIfUnused(followed);
          });
    }
  }

  private void refresh() {
    Set<String> names =
        new HashSet<>(
            only.isEmpty()
                ? directory.names()
                : only.filter(name -> directory.environment(name).isPresent()).stream().toList());
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
    if (unopened.keySet().retainAll(names)) {
      generation++;
    }
    for (String name : names) {
      if (!open.containsKey(name)) {
        open(name);
      }
      Followed followed = open.get(name);
      if (followed != null) {
        followed.withheld = directory.withheld(name);
        followed.diverged = directory.diverged(name);
      }
    }
  }

  private void open(String name) {
    Optional<Path> folder = directory.environment(name);
    if (folder.isEmpty()) {
      return;
    }
    try {
      directory.requireShareable();
      Object file = fileKey(folder.get());
      Database database = Database.openReadOnly(folder.get(), options);
      open.put(name, new Followed(database, folder.get(), file, directory.inUse(name)));
      generation++;
      unopened.remove(name);
    } catch (StorageException e) {
      if (!directory.environment(name).equals(folder)) { // replaced and removed just now
        open(name);
        return;
      }
      StorageException before = unopened.put(name, e);
      if (before == null || !isSame(before, e)) {
        generation++;
        if (only.isEmpty()) { // who wants one alone is told by the view
          LOG.warn(
              "database {} in {} cannot be opened and is left out: {}: {}",
              name,
              folder.get(),
              e.code(),
              e.getMessage());
        }
      }
    }
  }

  private static boolean isSame(StorageException before, StorageException now) {
    return before.code() == now.code()
        && String.valueOf(before.getMessage()).equals(String.valueOf(now.getMessage()));
  }

  /** Tells a database from another one that was later made in the same place. */
  private static Object fileKey(Path folder) {
    try {
      @Nullable Object key =
          Files.readAttributes(folder.resolve(Environment.FILE), BasicFileAttributes.class)
              .fileKey();
      return key == null ? folder : key;
    } catch (IOException e) {
      return "gone";
    }
  }

  private void closeIfUnused(Followed followed) {
    if (followed.retired && followed.holders == 0) {
      followed.database.close();
    }
  }

  /** Closes all databases that no view holds, and each other one with the last view of it. */
  @Override
  public synchronized void close() {
    Held last = held;
    held = new Held(Map.of(), Map.of(), ++generation);
    open.values().forEach(followed -> followed.retired = true);
    forgetIfUnused(last);
    open.values().forEach(this::closeIfUnused);
    open.clear();
  }
}

package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Where a node keeps its environments: {@code <data>/databases/<name>/current} is a symbolic link
 * to the generation in use, a folder beside it with a name that is never used again. A new copy
 * becomes the generation in use by one atomic rename of the link. {@code copying} beside it names
 * the generation that a snapshot is being copied into, so that it is found again after a restart. A
 * generation that is not in use yet, or about to be replaced, is marked by a file {@code retired},
 * so that it does not stay for ever if the process dies before it could use or remove it. A file
 * {@code withheld} in a generation says why readers are refused it, a file {@code diverged} that
 * another node's history contradicts it; the next generation has neither. Holds no state; safe for
 * all threads and processes.
 */
public final class DatabaseDirectory {
  private static final String CURRENT = "current";
  private static final String COPYING = "copying";
  private static final String RETIRED = "retired";
  private static final String WITHHELD = "withheld";
  private static final String DIVERGED = "diverged";

  private final Path dataDirectory;
  private final Path root;

  /** Takes a node's data directory, which may not exist yet. */
  public DatabaseDirectory(Path dataDirectory) {
    this.dataDirectory = dataDirectory;
    this.root = dataDirectory.resolve("databases");
  }

  /** Says whether a node keeps its environments here, or has begun to. */
  public boolean exists() {
    return Files.isDirectory(root);
  }

  /** Makes the folder if it is not there yet, so that it is known for a node's. */
  void create() {
    try {
      Files.createDirectories(root);
    } catch (IOException e) {
      throw failed("create", root, e);
    }
  }

  /** Returns the names of the databases that are there, sorted. */
  public List<String> names() {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(root)) {
      return children
          .filter(child -> Files.isSymbolicLink(child.resolve(CURRENT)))
          .map(child -> child.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw failed("read", root, e);
    }
  }

  /** Returns the folder of a database's environment in use, if there is one. */
  public Optional<Path> environment(String name) {
    DatabaseIdentity.requireName(name);
    Path database = root.resolve(name);
    return linked(database, CURRENT);
  }

  /**
   * The generation in use of a database, whichever that is when it is asked: one system call a
   * question, for those who ask all the time whether what they have open is still in use.
   */
  public static final class InUse {
    private final Path file;
    private final Path withheld;

    private InUse(Path current) {
      this.file = current.resolve(Environment.FILE);
      this.withheld = current.resolve(WITHHELD);
    }

    /**
     * Returns what tells the environment's file from every other one that is there, or open, at the
     * same time; empty if there is none, or the file system has nothing of that kind.
     */
    public Optional<Object> fileKey() {
      try {
        return Optional.ofNullable(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    /** Says whether readers are refused it. */
    public boolean isWithheld() {
      return Files.exists(withheld);
    }
  }

  /** Returns what says which generation of a database is in use. */
  public InUse inUse(String name) {
    DatabaseIdentity.requireName(name);
    return new InUse(root.resolve(name).resolve(CURRENT));
  }

  private static Optional<Path> linked(Path database, String link) {
    try {
      return Optional.of(database.resolve(Files.readSymbolicLink(database.resolve(link))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failed("read", database, e);
    }
  }

  /**
   * Returns the generation that a snapshot of a database is copied into: the one in which copying
   * was begun, or a new, empty one. {@link #use} ends the copying, {@link #abandonCopy} gives it
   * up.
   */
  public Path copyGeneration(String name) {
    DatabaseIdentity.requireName(name);
    Path database = root.resolve(name);
    if (copyBegun(name)) {
      return linked(database, COPYING).orElseThrow();
    }
    Path fresh = newGeneration(name);
    link(database, COPYING, fresh);
    return fresh;
  }

  /** Says whether copying was begun, and neither ended nor given up. */
  public boolean copyBegun(String name) {
    DatabaseIdentity.requireName(name);
    Optional<Path> begun = linked(root.resolve(name), COPYING);
    return begun.isPresent() && Files.isDirectory(begun.get()) && !begun.equals(environment(name));
  }

  /** Removes the generation that copying was begun in, if there is one. */
  public void abandonCopy(String name) {
    DatabaseIdentity.requireName(name);
    Path database = root.resolve(name);
    Optional<Path> begun = linked(database, COPYING);
    try {
      if (begun.isPresent() && !begun.equals(environment(name))) {
        Durable.deleteTree(begun.get());
      }
      Files.deleteIfExists(database.resolve(COPYING));
    } catch (IOException | UncheckedIOException e) {
      throw failed("remove the copy in", database, e);
    }
  }

  /**
   * Returns a new, empty folder for the next generation of a database; {@link #use} makes it the
   * one in use. No folder's name is ever used twice: a process that still reads a generation that
   * was removed must be able to open the one that came after it.
   */
  public Path newGeneration(String name) {
    DatabaseIdentity.requireName(name);
    Path database = root.resolve(name);
    try {
      Files.createDirectories(database);
      Path fresh = Files.createDirectory(database.resolve(UUID.randomUUID().toString()));
      retire(fresh);
      return fresh;
    } catch (IOException e) {
      throw failed("create a folder in", database, e);
    }
  }

  /**
   * Has readers refused the generation in use of a database, in all processes, until {@link
   * #serveAgain} or until another generation is in use. Readers look at least every 100 ms, or with
   * each transaction.
   *
   * @param why one line that they are told
   */
  public void withhold(String name, String why) {
    environment(name).ifPresent(generation -> mark(generation, WITHHELD, why));
  }

  /** Notes for all processes that the generation in use was contradicted: one line, what by. */
  public void diverged(String name, String why) {
    environment(name).ifPresent(generation -> mark(generation, DIVERGED, why));
  }

  /** Returns what has contradicted the generation in use of a database, if anything has. */
  public Optional<String> diverged(String name) {
    return environment(name).flatMap(generation -> marked(generation, DIVERGED));
  }

  private static void mark(Path generation, String as, String why) {
    try {
      Path next = generation.resolve(as + ".next");
      Files.writeString(next, why);
      Files.move(next, generation.resolve(as), StandardCopyOption.ATOMIC_MOVE);
      Durable.syncFolder(generation);
    } catch (IOException e) {
      throw failed("write", generation, e);
    }
  }

  /** Lets readers have the generation in use of a database, if they were refused it. */
  public void serveAgain(String name) {
    unmark(name, WITHHELD);
  }

  /** Notes that what contradicted a database was wrong. */
  public void follows(String name) {
    unmark(name, DIVERGED);
  }

  private void unmark(String name, String mark) {
    environment(name)
        .ifPresent(
            generation -> {
              try {
                if (Files.deleteIfExists(generation.resolve(mark))) {
                  Durable.syncFolder(generation);
                }
              } catch (IOException e) {
                throw failed("write", generation, e);
              }
            });
  }

  /** Returns why readers are refused a database, if they are. */
  public Optional<String> withheld(String name) {
    return environment(name).flatMap(generation -> marked(generation, WITHHELD));
  }

  private static Optional<String> marked(Path generation, String mark) {
    try {
      Path file = generation.resolve(mark);
      return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty(); // allowed again just now
    } catch (IOException e) {
      throw failed("read", generation, e);
    }
  }

  /**
   * Refuses to read a database that is withheld.
   *
   * @throws StorageException DIVERGED with the reason
   */
  public void requireServed(String name) {
    withheld(name)
        .ifPresent(
            why -> {
              throw notServed(name, why);
            });
  }

  /**
   * Refuses to read the files of a node beside it where LMDB does not work: on a network file
   * system, and from another PID namespace than the node's while that runs.
   *
   * @throws StorageException UNSUPPORTED
   */
  public void requireShareable() {
    LocalDisk.refuse(root);
    PidNamespace.requireShared(dataDirectory);
  }

  /** Makes the exception that a reader of a withheld database is given. */
  public static StorageException notServed(String name, String why) {
    return new StorageException(
        ErrorCode.DIVERGED, "database \"" + name + "\" is not served here: " + why);
  }

  /** A rewritten generation is withheld and contradicted if the one it was made of is. */
  public static void keepMarks(Path from, Path to) {
    for (String mark : List.of(WITHHELD, DIVERGED)) {
      marked(from, mark).ifPresent(why -> mark(to, mark, why));
    }
  }

  /** Makes a generation the one in use, atomically. */
  public void use(String name, Path generation) {
    Path database = root.resolve(name);
    Optional<Path> before = environment(name).filter(old -> !old.equals(generation));
    try {
      if (before.isPresent() && Files.isDirectory(before.get())) {
        retire(before.get());
      }
      Files.deleteIfExists(generation.resolve(RETIRED));
    } catch (IOException e) {
      throw failed("write", database, e);
    }
    link(database, CURRENT, generation);
    try {
      if (linked(database, COPYING).filter(generation::equals).isPresent()) {
        Files.deleteIfExists(database.resolve(COPYING));
      }
    } catch (IOException e) {
      throw failed("write", database, e);
    }
  }

  private static void retire(Path generation) throws IOException {
    Files.write(generation.resolve(RETIRED), new byte[0]);
  }

  /**
   * Removes what processes that died have left of any database: generations that were replaced, and
   * those that never came into use, unless a copy goes on in them. For the one process that writes
   * here: a compaction that runs meanwhile fails, as it does whenever a database is opened.
   */
  void removeLeftovers() {
    if (!Files.isDirectory(root)) {
      return;
    }
    try (Stream<Path> children = Files.list(root)) {
      for (Path database : children.filter(Files::isDirectory).toList()) {
        removeLeftovers(database);
      }
    } catch (IOException | UncheckedIOException e) {
      throw failed("remove what was left in", root, e);
    }
  }

  private static void removeLeftovers(Path database) throws IOException {
    Optional<Path> inUse = linked(database, CURRENT);
    Optional<Path> copying = linked(database, COPYING);
    try (Stream<Path> children = Files.list(database)) {
      for (Path generation : children.filter(Files::isDirectory).toList()) {
        if (Files.exists(generation.resolve(RETIRED))
            && !Files.isSymbolicLink(generation)
            && inUse.filter(generation::equals).isEmpty()
            && copying.filter(generation::equals).isEmpty()) {
          Durable.deleteTree(generation);
        }
      }
    }
  }

  private static void link(Path database, String link, Path generation) {
    Path next = database.resolve(link + ".next");
    try {
      Files.deleteIfExists(next);
      Files.createSymbolicLink(next, generation.getFileName());
      Files.move(next, database.resolve(link), StandardCopyOption.ATOMIC_MOVE);
      Durable.syncFolder(database);
    } catch (IOException e) {
      throw failed("write", database, e);
    }
  }

  /**
   * Removes a database with all its generations. Processes that have it open keep what they see.
   */
  public void drop(String name) {
    DatabaseIdentity.requireName(name);
    Path database = root.resolve(name);
    try {
      Files.deleteIfExists(database.resolve(CURRENT));
      Durable.deleteTree(database);
    } catch (IOException | UncheckedIOException e) {
      throw failed("remove", database, e);
    }
  }

  /** Removes the folder of a generation that is not, or no longer, the one in use. */
  public void removeGeneration(Path generation) {
    try {
      Durable.deleteTree(generation);
    } catch (IOException | UncheckedIOException e) {
      throw failed("remove", generation, e);
    }
  }

  private static StorageException failed(String verb, Path path, Exception e) {
    return new StorageException(
        ErrorCode.IO, "could not " + verb + " " + path + ": " + e.getMessage(), e);
  }
}

package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.Verification;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Copies a whole data directory while its node runs: the catalog, then each database that it names,
 * with the log that it keeps, verified. The copy is complete up to where the original was when it
 * began, and says so; what came later is partly in it, and the WAL or another node has the rest.
 * Can be killed and begun again.
 *
 * <p>The catalog may name a database of which nothing has got here yet: it came after the position
 * up to which the original is complete. While the node runs, the copy waits for it some time. If it
 * does not come, as it never does on the directory of a node that was killed just then, the copy is
 * right without it: a root that is started there makes it of the WAL, a replica follows it.
 */
final class Backup {
  /** In the copy's folder until it is finished. */
  private static final String UNFINISHED = "unfinished";

  /** Each database that is dropped while it is copied makes the catalog's copy an old one. */
  static final int MOST_ROUNDS = 100;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Path data;
  private final Path to;
  private final StorageOptions options;
  private final Function<String, VerifyProgress> progress;
  private final Runnable pause;
  private final Map<String, Verification> copied = new TreeMap<>();

  /** The function says whom to tell of a database's progress. */
  Backup(Path data, Path to, StorageOptions options, Function<String, VerifyProgress> progress) {
    this(data, to, options, progress, () -> LockSupport.parkNanos(PAUSE_NANOS));
  }

  /** The last one waits before the catalog is looked at again. */
  Backup(
      Path data,
      Path to,
      StorageOptions options,
      Function<String, VerifyProgress> progress,
      Runnable pause) {
    this.data = data;
    this.to = to;
    this.options = options;
    this.progress = progress;
    this.pause = pause;
  }

  /**
   * What was copied.
   *
   * @param databases that were copied by this run
   * @param absent the names of those of which nothing has got to the original yet
   * @param complete empty if the original did not know up to where it was complete: then the copy
   *     can become a replica, but not the root
   */
  record Result(
      Map<String, Verification> databases, List<String> absent, Optional<Completeness> complete) {}

  /** What the catalog's copy names, and what of it is not there. */
  private record Named(Map<UUID, DatabaseIdentity> all, List<String> absent) {}

  Result run() throws IOException {
    begin();
    try (DatabaseSet copies = DatabaseSet.open(to, options)) {
      if (copies.completeness().isEmpty()) {
        // Before anything is copied: all that comes is at least as new.
        Completeness.read(data).ifPresent(copies::complete);
      }
      Named named = copyAll(copies);
      Optional<Completeness> complete = copies.completeness();
      List<String> missing = complete.map(c -> c.missing(copies, named.all())).orElse(List.of());
      if (!missing.isEmpty()) {
        throw new CommandException(
            ExitCode.FAILURE,
            "the copy in "
                + to
                + " is not complete, since the original is not: "
                + String.join("; ", missing)
                + "; find out what became of it (quicksilver verify), or copy another node");
      }
      Files.delete(to.resolve(UNFINISHED));
      return new Result(copied, named.absent(), complete);
    }
  }

  private void begin() throws IOException {
    if (!new DatabaseDirectory(data).names().contains(DatabaseSet.CATALOG)) {
      throw new CommandException(
          ExitCode.NOT_FOUND, data + " has no catalog of databases, so there is nothing to copy");
    }
    for (String name : new DatabaseDirectory(data).names()) {
      new DatabaseDirectory(data)
          .diverged(name)
          .ifPresent(
              why -> {
                throw new CommandException(
                    ExitCode.FAILURE,
                    "database "
                        + name
                        + " of "
                        + data
                        + " is contradicted by another node ("
                        + why
                        + "), so a copy of it is no backup; copy another node, or have it copied"
                        + " anew first (quicksilver copy-anew "
                        + name
                        + ")");
              });
    }
    Files.createDirectories(to);
    Path mark = to.resolve(UNFINISHED);
    if (Files.exists(mark)) {
      return;
    }
    try (Stream<Path> there = Files.list(to)) {
      if (there.findAny().isPresent()) {
        throw new CommandException(
            ExitCode.FAILURE, to + " is neither empty nor an unfinished copy; give another folder");
      }
    }
    Files.createFile(mark);
  }

  private Named copyAll(DatabaseSet copies) throws IOException {
    List<String> absent = new ArrayList<>();
    for (int round = 1; round <= MOST_ROUNDS; round++) {
      if (round > 1) {
        pause.run();
      }
      absent.clear();
      Map<UUID, DatabaseIdentity> named =
          copyCatalog(copies)
              ? CatalogPair.named(copies.get(DatabaseSet.CATALOG).orElseThrow())
              : Map.of();
      for (Database database : copies.all()) {
        DatabaseIdentity identity = database.identity();
        if (!identity.name().equals(DatabaseSet.CATALOG) && !named.containsKey(identity.id())) {
          copies.drop(identity.name());
          copied.remove(identity.name());
        }
      }
      for (DatabaseIdentity identity : named.values()) {
        if (copies.get(identity.name()).isEmpty()
            && !copy(identity.name(), Optional.of(identity.id()), copies)) {
          absent.add(identity.name());
        }
      }
      boolean last = round == MOST_ROUNDS || !isRunning();
      if (copies.get(DatabaseSet.CATALOG).isPresent()
          && (absent.isEmpty() || (last && areNew(named, copies)))) {
        absent.forEach(copies::abandonCopy); // what was begun of a predecessor
        return new Named(named, absent);
      }
    }
    throw new CommandException(
        ExitCode.FAILURE,
        "databases of "
            + data
            + " come and go too fast for a copy"
            + (absent.isEmpty()
                ? ""
                : ", or it has lost them: its catalog names " + String.join(", ", absent))
            + "; begin it again later, or copy another node");
  }

  private boolean isRunning() {
    return ProcessFile.read(data, NodeParts.PROCESS_NAME).isPresent();
  }

  /** Whether all that is not here came after the position up to which this is complete. */
  private static boolean areNew(Map<UUID, DatabaseIdentity> named, DatabaseSet copies) {
    return copies
        .completeness()
        .filter(complete -> complete.missing(copies, named).isEmpty())
        .isPresent();
  }

  /** Copies the catalog as it is now, unless that is done. */
  private boolean copyCatalog(DatabaseSet copies) {
    String name = DatabaseSet.CATALOG;
    Optional<Database> last = copies.get(name);
    Optional<Path> environment = new DatabaseDirectory(data).environment(name);
    if (last.isPresent() && environment.isPresent()) {
      try (Database now = Database.openReadOnly(environment.get(), options)) {
        if (now.identity().equals(last.get().identity())
            && now.head().chainHash().equals(last.get().head().chainHash())) {
          return true;
        }
      } catch (StorageException e) {
        if (e.code() != ErrorCode.NOT_FOUND) {
          throw e;
        }
      }
    }
    copies.drop(name);
    copies.abandonCopy(name);
    return copy(name, Optional.empty(), copies);
  }

  /** Returns false if there is no such database any more, or not yet. */
  private boolean copy(String name, Optional<UUID> id, DatabaseSet copies) {
    Optional<Path> environment = new DatabaseDirectory(data).environment(name);
    if (environment.isEmpty()) {
      return false;
    }
    try (Database source = Database.openReadOnly(environment.get(), options)) {
      if (id.isPresent() && !id.get().equals(source.identity().id())) {
        return false;
      }
      Verification verified =
          SnapshotCopy.copyWithLog(source, copies.copyFolder(name), progress.apply(name));
      copies.useCopy(name);
      copied.put(name, verified);
      return true;
    } catch (StorageException e) {
      if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.ALREADY_EXISTS) {
        copies.abandonCopy(name); // it was dropped, or made again, meanwhile
        return false;
      }
      throw e;
    }
  }
}

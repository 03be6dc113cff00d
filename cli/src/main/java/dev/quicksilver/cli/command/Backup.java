package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.ErrorCode;
import dev.quicksilver.storage.StorageException;
import dev.quicksilver.storage.StorageOptions;
import dev.quicksilver.storage.Verification;
import dev.quicksilver.storage.VerifyProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * verified. The copy is complete up to where the original was when it began, and says so; what came
 * later is partly in it, and the WAL or another node has the rest. Can be killed and begun again.
 */
final class Backup {
  /** In the copy's folder until it is finished. */
  private static final String UNFINISHED = "unfinished";

  /** Each database that is dropped while it is copied makes the catalog's copy an old one. */
  private static final int MOST_ROUNDS = 100;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Path data;
  private final Path to;
  private final StorageOptions options;
  private final Function<String, VerifyProgress> progress;
  private final Map<String, Verification> copied = new TreeMap<>();

  /** The function says whom to tell of a database's progress. */
  Backup(Path data, Path to, StorageOptions options, Function<String, VerifyProgress> progress) {
    this.data = data;
    this.to = to;
    this.options = options;
    this.progress = progress;
  }

  /**
   * What was copied.
   *
   * @param databases that were copied by this run
   * @param complete empty if the original did not know up to where it was complete: then the copy
   *     can become a replica, but not the root
   */
  record Result(Map<String, Verification> databases, Optional<Completeness> complete) {}

  Result run() throws IOException {
    begin();
    try (DatabaseSet copies = DatabaseSet.open(to, options)) {
      if (copies.completeness().isEmpty()) {
        // Before anything is copied: all that comes is at least as new.
        Completeness.read(data).ifPresent(copies::complete);
      }
      Map<UUID, DatabaseIdentity> named = copyAll(copies);
      Optional<Completeness> complete = copies.completeness();
      List<String> missing = complete.map(c -> c.missing(copies, named)).orElse(List.of());
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
      return new Result(copied, complete);
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

  /** Returns what the catalog's copy names, all of which is there. */
  private Map<UUID, DatabaseIdentity> copyAll(DatabaseSet copies) throws IOException {
    for (int round = 0; round < MOST_ROUNDS; round++) {
      if (round > 0) {
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      copies.drop(DatabaseSet.CATALOG);
      copies.abandonCopy(DatabaseSet.CATALOG);
      Map<UUID, DatabaseIdentity> named =
          copy(DatabaseSet.CATALOG, Optional.empty(), copies)
              ? CatalogPair.named(copies.get(DatabaseSet.CATALOG).orElseThrow())
              : Map.of();
      boolean all = !named.isEmpty() || copies.get(DatabaseSet.CATALOG).isPresent();
      for (Database database : copies.all()) {
        DatabaseIdentity identity = database.identity();
        if (!identity.name().equals(DatabaseSet.CATALOG) && !named.containsKey(identity.id())) {
          copies.drop(identity.name());
          copied.remove(identity.name());
        }
      }
      for (DatabaseIdentity identity : named.values()) {
        all &=
            copies.get(identity.name()).isPresent()
                || copy(identity.name(), Optional.of(identity.id()), copies);
      }
      if (all) {
        return named;
      }
    }
    throw new CommandException(
        ExitCode.FAILURE,
        "databases of " + data + " come and go too fast for a copy; begin it again later");
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
      Verification verified = source.copyTo(copies.copyFolder(name), progress.apply(name));
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

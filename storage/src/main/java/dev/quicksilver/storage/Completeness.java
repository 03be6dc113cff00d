package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * A place in PostgreSQL's WAL up to which a node holds everything of every database, with the
 * evidence: where each database stood there. The root says it of itself once all that is committed
 * before the position is durable; a node below that has the sequences may say it of itself, too,
 * and pass it on.
 *
 * <p>A database's own position is that of its last entry. That says nothing of the other databases,
 * and nothing of WAL without an entry, of which PostgreSQL was told that it may forget it. Only
 * this does, so only this makes a copy one that can become the root.
 *
 * @param position never {@link Position#NONE}
 * @param databases sequence and chain hash there by the database's id, the catalog included
 */
public record Completeness(Position position, Map<UUID, Point> databases) {
  /**
   * Where a database stood.
   *
   * @param sequence its last entry's; 0 if it had none
   */
  public record Point(long sequence, ChainHash chainHash) {}

  public Completeness {
    databases = Map.copyOf(databases);
  }

  /** Says it of databases as they are now. The caller knows that nothing is missing in them. */
  public static Completeness of(Position position, DatabaseSet databases) {
    return new Completeness(
        position,
        databases.all().stream()
            .collect(
                Collectors.toMap(
                    database -> database.identity().id(),
                    database -> {
                      Head head = database.head();
                      return new Point(head.lastSequence(), head.chainHash());
                    })));
  }

  /**
   * Reads what a node has last said of itself, also beside the running node; empty if it never did.
   *
   * @throws StorageException IO
   */
  public static Optional<Completeness> read(Path dataDirectory) {
    try (CompletenessFile file = new CompletenessFile(dataDirectory)) {
      return file.read();
    }
  }

  /**
   * Says whether this reaches further than another one, or is of another PostgreSQL. A later
   * timeline may have begun before the end of an earlier one.
   */
  public boolean isAfter(Optional<Completeness> other) {
    if (other.isEmpty() || other.get().position().systemId() != position.systemId()) {
      return true;
    }
    Position before = other.get().position();
    return position.timeline() == before.timeline()
        ? Long.compareUnsigned(position.lsn(), before.lsn()) > 0
        : position.timeline() > before.timeline();
  }

  /**
   * Returns what a node lacks of this, one line each; nothing if it may say it of itself. What the
   * catalog there does not name any more is not missed.
   *
   * @param here the node's databases
   * @param named the databases that its catalog names, by id
   */
  public List<String> missing(DatabaseSet here, Map<UUID, DatabaseIdentity> named) {
    Map<UUID, Database> byId =
        here.all().stream()
            .collect(Collectors.toMap(database -> database.identity().id(), database -> database));
    Map<String, String> missing = new TreeMap<>();
    databases.forEach(
        (id, point) -> {
          Database database = byId.get(id);
          if (database != null) {
            String name = database.identity().name();
            lacks(database, point).ifPresent(what -> missing.put(name, name + " " + what));
          } else if (named.containsKey(id) && point.sequence() > 0) {
            String name = named.get(id).name();
            missing.put(name, name + " is not here (" + point.sequence() + " entries)");
          }
        });
    UUID catalog = here.get(DatabaseSet.CATALOG).map(db -> db.identity().id()).orElse(null);
    if (catalog == null || !databases.containsKey(catalog)) {
      missing.put("", "the catalog is not here");
    }
    return new ArrayList<>(missing.values());
  }

  private static Optional<String> lacks(Database database, Point point) {
    Head head = database.head();
    if (head.lastSequence() < point.sequence()) {
      return Optional.of(
          "lacks the sequences " + (head.lastSequence() + 1) + " to " + point.sequence());
    }
    return hasIt(database, head, point)
        ? Optional.empty()
        : Optional.of("has another history at sequence " + point.sequence());
  }

  /** Compares histories, as far back as the log tells. */
  private static boolean hasIt(Database database, Head head, Point point) {
    try {
      return database.chainHashAt(point.sequence()).equals(point.chainHash());
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      return point.sequence() + 1 < head.oldestSequence();
    }
  }
}

package dev.quicksilver.storage;

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

  /** Says whether this reaches further than another one, or is of another PostgreSQL. */
  public boolean isAfter(Optional<Completeness> other) {
    return other.isEmpty()
        || other.get().position().systemId() != position.systemId()
        || Long.compareUnsigned(position.lsn(), other.get().position().lsn()) > 0;
  }

  /**
   * Returns what a node lacks of this, one line each; nothing if it may say it of itself. What the
   * catalog there does not name any more is not missed; nor is what a root had replaced by a later
   * database of the same name when it stopped, before its catalog said so.
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
            lacks(database.head(), point).ifPresent(what -> missing.put(name, name + " " + what));
          } else if (named.containsKey(id)
              && point.sequence() > 0
              && !isReplaced(here, named.get(id).name())) {
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

  /** Whether there is a database of this name that did not exist at the position. */
  private boolean isReplaced(DatabaseSet here, String name) {
    return here.get(name)
        .filter(later -> !databases.containsKey(later.identity().id()))
        .map(Database::head)
        .filter(
            head ->
                head.lastSequence() == 0
                    || Long.compareUnsigned(head.position().lsn(), position.lsn()) > 0)
        .isPresent();
  }

  private static Optional<String> lacks(Head head, Point point) {
    if (head.lastSequence() < point.sequence()) {
      return Optional.of(
          "lacks the sequences " + (head.lastSequence() + 1) + " to " + point.sequence());
    }
    if (head.lastSequence() == point.sequence() && !head.chainHash().equals(point.chainHash())) {
      return Optional.of("has another history at sequence " + point.sequence());
    }
    return Optional.empty();
  }
}

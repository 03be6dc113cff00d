package dev.quicksilver.gateway.sequence;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes and removes databases as the catalog's rows pass by in the WAL, and knows which table
 * belongs to which database.
 *
 * <p>An environment is made when its row is read (only committed rows are ever read), and removed
 * once the catalog without it is durable. So after a crash an environment may be there that the
 * catalog does not name yet, or names under another id; both are put right by reading the same WAL
 * again.
 *
 * <p>Roles that may read at the edges are pairs of the catalog as well.
 */
final class CatalogFollower {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogFollower.class);

  private final DatabaseSet databases;
  private final Optional<Completeness> from;
  private final OpenTransactions transactions;
  private final Map<Integer, CatalogEntry> byRelation = new HashMap<>();

  /** Databases that were dropped in WAL that is applied but not committed. */
  private final Set<String> dropped = new HashSet<>();

  /** Databases of which the catalog still names a predecessor; their DELETE is about to come. */
  private final Set<String> superseded = new HashSet<>();

  /**
   * Databases that the catalog names already, and that are made only by WAL that is read again: a
   * replica's catalog may have been ahead of the rest. Until then a table's rows are not theirs.
   */
  private final Map<String, UUID> future = new HashMap<>();

  /**
   * Knows what the catalog here names.
   *
   * @param from up to where this node is complete, from where it reads on; empty if all that the
   *     catalog names is older
   */
  CatalogFollower(
      DatabaseSet databases, Optional<Completeness> from, OpenTransactions transactions) {
    this.databases = databases;
    this.from = from;
    this.transactions = transactions;
    load();
  }

  private void load() {
    Set<String> named = new HashSet<>();
    try (Snapshot snapshot = catalog().snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        if (!CatalogPair.isOfDatabase(scan.key())) {
          continue;
        }
        CatalogEntry entry = CatalogEntry.ofPair(scan.key(), scan.value());
        String name = entry.identity().name();
        Database database =
            databases
                .get(name)
                .orElseThrow(
                    () ->
                        new GatewayException(
                            ErrorCode.DATABASE_MISSING,
                            "the catalog lists database "
                                + name
                                + " but this node's data directory lacks it; restore the"
                                + " directory, or empty it and let the node replicate from"
                                + " another one"));
        named.add(name);
        byRelation.put(entry.relation(), entry);
        UUID id = entry.identity().id();
        if (!database.identity().id().equals(id)) {
          superseded.add(name);
        } else if (from.isPresent() && !from.get().databases().containsKey(id)) {
          future.put(name, id);
        }
      }
    }
    for (Database database : databases.all()) {
      String name = database.identity().name();
      if (!named.contains(name) && !name.equals(DatabaseSet.CATALOG)) {
        LOG.info("Removing database {}: it was created or dropped when this node stopped", name);
        databases.drop(name);
      }
    }
  }

  private Database catalog() {
    return databases.get(DatabaseSet.CATALOG).orElseThrow();
  }

  static boolean isCatalog(Relation relation) {
    return relation.schema().equals(CatalogEntry.SCHEMA)
        && relation.name().equals(CatalogEntry.TABLE);
  }

  static boolean isReaders(Relation relation) {
    return relation.schema().equals(ReaderEntry.SCHEMA)
        && relation.name().equals(ReaderEntry.TABLE);
  }

  /** The database that a table belongs to, if it belongs to one. */
  Optional<CatalogEntry> entryOf(int relation) {
    return Optional.ofNullable(byRelation.get(relation));
  }

  /** The database of that name, unless its entries are of no use any more. */
  Optional<Database> database(String name) {
    return dropped.contains(name) || superseded.contains(name) || future.containsKey(name)
        ? Optional.empty()
        : databases.get(name);
  }

  void insert(Relation relation, Tuple row) {
    CatalogEntry entry = CatalogEntry.ofRow(relation, row);
    String name = entry.identity().name();
    future.remove(name, entry.identity().id());
    Optional<Appender> into = transactions.into(catalog());
    if (into.isEmpty()) {
      return;
    }
    // In one step: the catalog that is durable may still name a predecessor.
    transactions.abandon(name);
    databases.replace(entry.identity());
    dropped.remove(name);
    byRelation.put(entry.relation(), entry);
    into.get().set(entry.key(), entry.value());
    LOG.info("Database {} ({}) follows table {}", name, entry.identity().id(), entry.table());
  }

  /** A database's table has another name or schema; nothing else of a row changes. */
  void renamed(Relation relation, Tuple row) {
    CatalogEntry entry = CatalogEntry.ofRow(relation, row);
    transactions
        .into(catalog())
        .ifPresent(
            into -> {
              byRelation.put(entry.relation(), entry);
              into.set(entry.key(), entry.value());
            });
  }

  /**
   * Refuses a table that has the name of a database's and is another one: its rows would be passed
   * over, and the database would stand still.
   */
  void requireKnown(Relation relation) {
    String name = relation.schema() + "." + relation.name();
    if (byRelation.containsKey(relation.oid()) || transactions.holds(catalog())) {
      return;
    }
    for (CatalogEntry entry : byRelation.values()) {
      if (entry.table().equals(name) && !superseded.contains(entry.identity().name())) {
        throw new GatewayException(
            ErrorCode.TABLE_CHANGED,
            "table "
                + name
                + " is another one than database "
                + entry.identity().name()
                + " was made of (dropped and made again, or restored from a dump); drop the"
                + " database and publish the table anew, and if that has been done, "
                + CentralDatabase.BEGIN_ANEW);
      }
    }
  }

  void delete(Relation relation, Tuple oldKey) {
    Optional<Appender> into = transactions.into(catalog());
    if (into.isEmpty()) {
      return;
    }
    String name = CatalogEntry.nameOf(relation, oldKey);
    byRelation.values().removeIf(entry -> entry.identity().name().equals(name));
    superseded.remove(name);
    future.remove(name);
    dropped.add(name);
    transactions.abandon(name);
    into.get().delete(name.getBytes(StandardCharsets.UTF_8));
    LOG.info("Database {} is dropped", name);
  }

  /** A role may read something at the edges, or something else than before. */
  void setReader(Relation relation, @Nullable Tuple old, Tuple row) {
    Optional<Appender> into = transactions.into(catalog());
    if (into.isEmpty()) {
      return;
    }
    ReaderEntry entry = ReaderEntry.ofRow(relation, row, old);
    if (old != null) {
      byte[] oldKey = ReaderEntry.key(ReaderEntry.roleOf(relation, old));
      if (!Arrays.equals(oldKey, entry.key())) {
        into.get().delete(oldKey);
        transactions.countEntry();
      }
    }
    into.get().set(entry.key(), entry.value());
  }

  /** A role may read nothing any more. */
  void deleteReader(Relation relation, Tuple old) {
    transactions
        .into(catalog())
        .ifPresent(into -> into.delete(ReaderEntry.key(ReaderEntry.roleOf(relation, old))));
  }

  /** What was applied is durable now: dropped databases can go. */
  void committed() {
    dropped.forEach(databases::drop);
    dropped.clear();
  }
}

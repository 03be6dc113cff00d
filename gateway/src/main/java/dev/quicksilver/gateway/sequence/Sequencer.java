package dev.quicksilver.gateway.sequence;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.gateway.wal.PgOutputMessage;
import dev.quicksilver.gateway.wal.PgOutputMessage.Begin;
import dev.quicksilver.gateway.wal.PgOutputMessage.Commit;
import dev.quicksilver.gateway.wal.PgOutputMessage.Delete;
import dev.quicksilver.gateway.wal.PgOutputMessage.Insert;
import dev.quicksilver.gateway.wal.PgOutputMessage.LogicalMessage;
import dev.quicksilver.gateway.wal.PgOutputMessage.Other;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Truncate;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.gateway.wal.PgOutputMessage.Update;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Turns messages into entries. What it writes depends on the messages alone. When to commit is
 * {@link CommitSchedule}'s business.
 */
public final class Sequencer {
  private final OpenTransactions transactions;
  private final CatalogFollower catalog;
  private final ReplicationConnection.Identity source;
  private final Waiters waiters;
  private final Map<Integer, Relation> relations = new HashMap<>();
  private final Map<Integer, TableMapping> mappings = new HashMap<>();
  private boolean inTransaction;
  private long processedLsn;

  /**
   * Goes on where a node is.
   *
   * @param from up to where it is complete, from where the WAL is read
   */
  public Sequencer(
      DatabaseSet databases,
      Optional<Completeness> from,
      OpenTransactions transactions,
      ReplicationConnection.Identity source,
      Waiters waiters) {
    this.transactions = transactions;
    this.source = source;
    this.waiters = waiters;
    this.catalog = new CatalogFollower(databases, from, transactions);
  }

  /** True between BEGIN and COMMIT. */
  boolean inTransaction() {
    return inTransaction;
  }

  /** End LSN of the last transaction that was applied or skipped, unsigned. */
  long processedLsn() {
    return processedLsn;
  }

  /** What was applied is durable now. */
  void committed() {
    catalog.committed();
  }

  /** Applies a message; returns true if it ended a transaction that wrote an entry. */
  boolean apply(PgOutputMessage message) {
    switch (message) {
      case Begin begin -> {
        inTransaction = true;
        transactions.begin(begin.commitLsn(), begin.commitTime());
      }
      case Commit commit -> {
        inTransaction = false;
        processedLsn = commit.endLsn();
        return transactions.end(source.position(commit.endLsn()));
      }
      case Relation relation -> {
        relations.put(relation.oid(), relation);
        mappings.remove(relation.oid());
      }
      case Insert insert -> insert(relation(insert.relation()), insert.row());
      case Update update -> update(relation(update.relation()), update.old(), update.row());
      case Delete delete -> delete(relation(delete.relation()), delete.old());
      case Truncate truncate -> {
        for (int oid : truncate.relations()) {
          into(relation(oid)).ifPresent(Appender::clear);
        }
      }
      case LogicalMessage said -> {
        if (!said.transactional() && said.prefix().equals(Waiters.PREFIX)) {
          waiters.take(said.content());
        }
      }
      case Other other -> {
        // Nothing that an entry depends on.
      }
    }
    return false;
  }

  private void insert(Relation relation, Tuple row) {
    if (CatalogFollower.isCatalog(relation)) {
      catalog.insert(relation, row);
      mappings.clear();
      return;
    }
    if (CatalogFollower.isReaders(relation)) {
      catalog.setReader(relation, null, row);
      return;
    }
    Optional<Appender> into = into(relation);
    if (into.isPresent()) {
      TableMapping table = mapping(relation);
      into.get().set(table.key(row, null), table.value(row, null));
    }
  }

  private void update(Relation relation, @Nullable Tuple old, Tuple row) {
    if (CatalogFollower.isCatalog(relation)) {
      catalog.renamed(relation, row);
      return;
    }
    if (CatalogFollower.isReaders(relation)) {
      catalog.setReader(relation, old, row);
      return;
    }
    Optional<Appender> into = into(relation);
    if (into.isEmpty()) {
      return;
    }
    TableMapping table = mapping(relation);
    byte[] key = table.key(row, old);
    byte[] oldKey = old == null ? key : table.key(old, null);
    byte[] value;
    if (table.leavesValue(row, old)) {
      // A large value that stayed as it was is not in the WAL again.
      byte[] current = into.get().get(oldKey);
      if (current == null) {
        throw new GatewayException(
            ErrorCode.STORAGE,
            "database "
                + table.database()
                + " on this node lacks a key whose value PostgreSQL left unchanged; it does not"
                + " match its table any more: empty the data directory and let the node replicate"
                + " from another one");
      }
      value = current;
    } else {
      value = table.value(row, old);
    }
    if (!Arrays.equals(oldKey, key)) {
      into.get().delete(oldKey);
      transactions.countEntry();
    }
    into.get().set(key, value);
  }

  private void delete(Relation relation, Tuple old) {
    if (CatalogFollower.isCatalog(relation)) {
      catalog.delete(relation, old);
      mappings.clear();
      return;
    }
    if (CatalogFollower.isReaders(relation)) {
      catalog.deleteReader(relation, old);
      return;
    }
    Optional<Appender> into = into(relation);
    if (into.isPresent()) {
      into.get().delete(mapping(relation).key(old, null));
    }
  }

  /** Where entries of a table go: nowhere if it is no database's, or the database has them. */
  private Optional<Appender> into(Relation relation) {
    catalog.requireKnown(relation);
    Optional<Database> database =
        catalog.entryOf(relation.oid()).flatMap(entry -> catalog.database(entry.identity().name()));
    return database.isEmpty() ? Optional.empty() : transactions.into(database.get());
  }

  private TableMapping mapping(Relation relation) {
    TableMapping mapping = mappings.get(relation.oid());
    if (mapping == null) {
      mapping = TableMapping.of(catalog.entryOf(relation.oid()).orElseThrow(), relation);
      mappings.put(relation.oid(), mapping);
    }
    return mapping;
  }

  private Relation relation(int oid) {
    Relation relation = relations.get(oid);
    if (relation == null) {
      throw new GatewayException(
          ErrorCode.PROTOCOL,
          "PostgreSQL sent a change of table "
              + Integer.toUnsignedString(oid)
              + " without describing it first; start the root again, and report this if it"
              + " happens again");
    }
    return relation;
  }
}

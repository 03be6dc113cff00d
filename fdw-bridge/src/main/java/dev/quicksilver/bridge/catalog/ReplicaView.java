package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.Head;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.StorageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The replica as one transaction sees it: one snapshot a database, taken when the database is first
 * read and kept until the view is closed. Belongs to one session.
 */
public final class ReplicaView implements CatalogView, AutoCloseable {
  private final Replica replica;
  private final SortedMap<String, Replica.Shared> databases;
  private final Map<String, Snapshot> snapshots = new HashMap<>();
  private final long generation;

  ReplicaView(Replica replica, SortedMap<String, Replica.Shared> databases, long generation) {
    this.replica = replica;
    this.databases = databases;
    this.generation = generation;
  }

  /** The databases that there were when the view was taken. */
  public Tables tables() {
    Map<String, Tables.Pairs> pairs = new TreeMap<>();
    databases.forEach(
        (name, shared) -> {
          DatabaseIdentity identity = shared.database().identity();
          String key = identity.keyType().equals("bytea") ? "bytea" : "text";
          String value = PairRelation.valueType(identity.valueType()).sqlName();
          pairs.put(name, new Tables.Pairs(identity.id(), key, value));
        });
    return new Tables(generation, pairs);
  }

  /** How many rows of a table have so many bytes together, by and large. */
  public long rowsWithin(String name, long bytes) {
    Replica.Shared shared = behind(name);
    if (shared == null) {
      return Long.MAX_VALUE;
    }
    try {
      long all = shared.database().fileBytes();
      return all <= bytes
          ? Long.MAX_VALUE
          : (long) ((double) bytes / all * find("public", name).orElseThrow().estimate());
    } catch (StorageException e) {
      return Long.MAX_VALUE; // who reads it is told
    }
  }

  /** The database whose pairs or whose log a table shows; null if there is none. */
  private Replica.@Nullable Shared behind(String table) {
    Replica.Shared pairs = databases.get(table);
    return pairs == null && table.endsWith("_log")
        ? databases.get(table.substring(0, table.length() - 4))
        : pairs;
  }

  /** Whether a table of schema public has this name. */
  public boolean has(String name) {
    return name.equals("databases") || behind(name) != null;
  }

  private Snapshot snapshot(String name, Replica.Shared shared) {
    return snapshots.computeIfAbsent(name, ignored -> shared.database().snapshot());
  }

  private Snapshot served(String name, Replica.Shared shared) {
    shared
        .withheld()
        .ifPresent(
            why -> {
              throw DatabaseDirectory.notServed(name, why);
            });
    return snapshot(name, shared);
  }

  /** Whether any snapshot is held. */
  public boolean holdsSnapshots() {
    return !snapshots.isEmpty();
  }

  @Override
  public Optional<Relation> find(String schema, String name) {
    if (!schema.isEmpty() && !schema.equals("public")) {
      return Optional.empty();
    }
    Replica.Shared shared = databases.get(name);
    if (shared != null) {
      return Optional.of(pairs(name, shared));
    }
    if (name.equals("databases")) {
      return Optional.of(list());
    }
    if (name.endsWith("_log")) {
      String database = name.substring(0, name.length() - 4);
      Replica.Shared logged = databases.get(database);
      if (logged != null) {
        return Optional.of(log(database, logged));
      }
    }
    return Optional.empty();
  }

  @Override
  public List<Relation> relations() {
    var result = new TreeMap<String, Relation>();
    result.put("databases", list());
    databases.forEach((name, shared) -> result.put(name + "_log", log(name, shared)));
    databases.forEach((name, shared) -> result.put(name, pairs(name, shared)));
    return List.copyOf(result.values());
  }

  private Relation pairs(String name, Replica.Shared shared) {
    DatabaseIdentity identity = shared.database().identity();
    return new PairRelation(
        name,
        identity.keyType(),
        identity.valueType(),
        () -> served(name, shared),
        () -> estimate(name, shared));
  }

  /** Pairs for an estimate: a snapshot is not kept for it, so that listing tables pins no pages. */
  private long estimate(String name, Replica.Shared shared) {
    Snapshot held = snapshots.get(name);
    if (held != null) {
      return held.pairs();
    }
    try (Snapshot brief = shared.database().snapshot()) {
      return brief.pairs();
    }
  }

  private Relation log(String name, Replica.Shared shared) {
    DatabaseIdentity identity = shared.database().identity();
    return new LogRelation(
        name,
        identity.keyType(),
        identity.valueType(),
        () -> served(name, shared),
        shared.database()::head);
  }

  private Relation list() {
    List<Column> columns =
        List.of(
            Column.of("name", Type.TEXT, true),
            Column.of("id", Type.TEXT, true),
            Column.of("last_sequence", Type.INT8, true),
            Column.of("chain_hash", Type.TEXT, true),
            Column.of("content_digest", Type.TEXT, true),
            Column.of("pairs", Type.INT8, true),
            Column.of("system_id", Type.INT8, true),
            Column.of("timeline", Type.INT4, true),
            Column.of("lsn", Type.PG_LSN, true),
            Column.of("commit_time", Type.TIMESTAMPTZ, true),
            Column.of("diverged", Type.TEXT, false));
    return new RowsRelation("databases", columns, databases.size(), this::heads);
  }

  private Iterator<@Nullable Object[]> heads() {
    List<@Nullable Object[]> rows = new ArrayList<>();
    databases.forEach(
        (name, shared) -> {
          Snapshot snapshot = snapshot(name, shared);
          Head head = snapshot.head();
          rows.add(
              new Object[] {
                name,
                shared.database().identity().id().toString(),
                head.lastSequence(),
                head.chainHash().toString(),
                head.contentDigest().toString(),
                snapshot.pairs(),
                head.position().systemId(),
                head.position().timeline(),
                head.position().lsn(),
                head.commitTime(),
                shared.diverged().orElse(null)
              });
        });
    return rows.iterator();
  }

  @Override
  public void close() {
    snapshots.values().forEach(Snapshot::close);
    snapshots.clear();
    replica.release(databases.values());
    databases.clear();
  }
}

package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The replica as one transaction sees it: one snapshot a database, taken when the database is first
 * read and kept until the view is closed. Belongs to one session.
 *
 * <p>Which databases there are was seen a moment ago. When one is first looked for, the file system
 * is asked whether it is still so; if not, or if all are wanted, or one that was not there, all are
 * looked at anew, once.
 */
public final class ReplicaView implements CatalogView, AutoCloseable {
  private final Replica replica;
  private final Rights rights;
  private final Judge judge;
  private final Map<String, Long> judged = new HashMap<>();
  private final Map<String, PgException> tooOld = new HashMap<>();
  private final Map<String, Snapshot> snapshots = new HashMap<>();
  private final Set<String> asSeen = new HashSet<>();
  private FollowedDatabases.@Nullable View opened;
  private boolean lookedAnew;

  /** Says whether a database is new enough. */
  public interface Judge {
    /** Nothing is too old. */
    Judge NONE =
        new Judge() {
          @Override
          public long most() {
            return 0;
          }

          @Override
          public void require(String database, long most) {}
        };

    /** How old a database may be now, in ms; 0 for any age. */
    long most();

    /** Refuses one that is older; called before its snapshot is taken. */
    void require(String database, long most);
  }

  ReplicaView(Replica replica, FollowedDatabases.View opened, Rights rights, Judge judge) {
    this.replica = replica;
    this.judge = judge;
    this.rights = rights;
    this.opened = opened;
  }

  private synchronized FollowedDatabases.View opened() {
    FollowedDatabases.View now = opened;
    if (now == null) {
      throw new IllegalStateException("the view is closed");
    }
    return now;
  }

  /** All databases that may be read. */
  private SortedMap<String, FollowedDatabases.Followed> all() {
    lookAnew();
    SortedMap<String, FollowedDatabases.Followed> there = opened().databases();
    if (rights.only().isEmpty()) {
      return there;
    }
    var result = new TreeMap<>(there);
    result.keySet().removeIf(name -> !rights.allow(name));
    return result;
  }

  /** The database of a name; null if there is none that may be read. */
  private synchronized FollowedDatabases.@Nullable Followed database(String name) {
    if (!rights.allow(name)) {
      return null;
    }
    FollowedDatabases.Followed known = opened().databases().get(name);
    if (lookedAnew || (known != null && asSeen.contains(name))) {
      return known;
    }
    if (known != null && known.isAsSeen()) {
      asSeen.add(name);
      return known;
    }
    lookAnew();
    return opened().databases().get(name);
  }

  /** Takes what there is now, unless a database that was found already is not there any more. */
  private synchronized void lookAnew() {
    if (lookedAnew) {
      return;
    }
    lookedAnew = true;
    FollowedDatabases.View before = opened();
    FollowedDatabases.View now = replica.databases().viewNow();
    boolean same =
        asSeen.stream().allMatch(name -> before.databases().get(name) == now.databases().get(name));
    opened = same ? now : before;
    (same ? before : now).close();
  }

  /** The databases that there were when the view was taken. */
  public Tables tables() {
    Map<String, Tables.Pairs> pairs = new TreeMap<>();
    all()
        .forEach(
            (name, shared) -> {
              DatabaseIdentity identity = shared.database().identity();
              String key = identity.keyType().equals("bytea") ? "bytea" : "text";
              String value = PairRelation.valueType(identity.valueType()).sqlName();
              pairs.put(name, new Tables.Pairs(identity.id(), key, value));
            });
    return new Tables(opened().generation(), pairs);
  }

  /** How many rows of a table have so many bytes together, by and large. */
  public long rowsWithin(String name, long bytes) {
    FollowedDatabases.Followed shared = behind(name);
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
  private FollowedDatabases.@Nullable Followed behind(String table) {
    FollowedDatabases.Followed pairs = database(table);
    return pairs == null && table.endsWith("_log")
        ? database(table.substring(0, table.length() - 4))
        : pairs;
  }

  /** Whether a table of schema public has this name. */
  public boolean has(String name) {
    return name.equals("databases") || name.equals("replication") || behind(name) != null;
  }

  private Snapshot snapshot(String name, FollowedDatabases.Followed shared) {
    return snapshots.computeIfAbsent(name, ignored -> shared.database().snapshot());
  }

  /** A snapshot is judged once, before it is taken: how old it was then cannot be told later. */
  private void judge(String name) {
    if (!judged.containsKey(name)) {
      long most = judge.most();
      judged.put(name, most);
      try {
        judge.require(name, most);
      } catch (PgException e) {
        tooOld.put(name, e);
      }
    }
  }

  private void requireFresh(String name) {
    judge(name);
    long most = judge.most();
    long before = judged.getOrDefault(name, 0L);
    PgException refusal = tooOld.get(name);
    if (refusal != null && most != 0 && most <= before) {
      throw refusal;
    }
    if (most != before && (refusal != null || (most != 0 && (before == 0 || most < before)))) {
      throw PgException.of(
              SqlState.STALE,
              "database \"" + name + "\" was read before quicksilver.max_lag became another")
          .hint("Set it before the transaction reads, or begin another one.");
    }
  }

  private Snapshot served(String name, FollowedDatabases.Followed shared) {
    shared
        .withheld()
        .ifPresent(
            why -> {
              throw DatabaseDirectory.notServed(name, why);
            });
    requireFresh(name);
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
    FollowedDatabases.Followed shared = database(name);
    if (shared != null) {
      return Optional.of(pairs(name, shared));
    }
    if (name.equals("databases")) {
      return Optional.of(list());
    }
    if (name.equals("replication")) {
      return Optional.of(replication());
    }
    if (name.endsWith("_log")) {
      String database = name.substring(0, name.length() - 4);
      FollowedDatabases.Followed logged = database(database);
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
    result.put("replication", replication());
    all().forEach((name, shared) -> result.put(name + "_log", log(name, shared)));
    all().forEach((name, shared) -> result.put(name, pairs(name, shared)));
    return List.copyOf(result.values());
  }

  private Relation pairs(String name, FollowedDatabases.Followed shared) {
    DatabaseIdentity identity = shared.database().identity();
    return new PairRelation(
        name,
        identity.keyType(),
        identity.valueType(),
        () -> served(name, shared),
        () -> estimate(name, shared));
  }

  /** Pairs for an estimate: a snapshot is not kept for it, so that listing tables pins no pages. */
  private long estimate(String name, FollowedDatabases.Followed shared) {
    Snapshot held = snapshots.get(name);
    if (held != null) {
      return held.pairs();
    }
    try (Snapshot brief = shared.database().snapshot()) {
      return brief.pairs();
    }
  }

  private Relation log(String name, FollowedDatabases.Followed shared) {
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
    return new RowsRelation("databases", columns, all().size(), this::heads);
  }

  /** How the databases are followed, at the moment of asking: it belongs to no snapshot. */
  private Relation replication() {
    List<Column> columns =
        List.of(
            Column.of("database", Type.TEXT, true),
            Column.of("state", Type.TEXT, true),
            Column.of("upstream", Type.TEXT, false),
            Column.of("last_sequence", Type.INT8, true),
            Column.of("root_sequence", Type.INT8, false),
            Column.of("lag_ms", Type.INT8, false),
            Column.of("complete_until", Type.TIMESTAMPTZ, false),
            Column.of("problem", Type.TEXT, false));
    return new RowsRelation("replication", columns, all().size(), this::followed);
  }

  private Iterator<@Nullable Object[]> followed() {
    Freshness freshness = replica.freshness();
    Map<String, Following> said = freshness.following();
    List<@Nullable Object[]> rows = new ArrayList<>();
    all()
        .forEach(
            (name, shared) -> {
              Following one =
                  said.getOrDefault(
                      name,
                      new Following(
                          "UNKNOWN", "", 0, OptionalLong.empty(), "no node follows it here"));
              OptionalLong lag = freshness.lag(one);
              rows.add(
                  new Object[] {
                    name,
                    one.state(),
                    one.upstream().isEmpty() ? null : one.upstream(),
                    shared.database().head().lastSequence(),
                    one.rootSequence() == 0 ? null : one.rootSequence(),
                    lag.isPresent() ? lag.getAsLong() : null,
                    Freshness.micros(one).orElse(null),
                    one.problem().isEmpty() ? null : one.problem()
                  });
            });
    return rows.iterator();
  }

  private Iterator<@Nullable Object[]> heads() {
    List<@Nullable Object[]> rows = new ArrayList<>();
    all()
        .forEach(
            (name, shared) -> {
              judge(name); // its pairs may be asked for later
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
    release();
  }

  private synchronized void release() {
    FollowedDatabases.View used = opened;
    opened = null;
    if (used != null) {
      used.close();
    }
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What root and edge hold of databases that nobody writes to just now, against what they must: the
 * pairs on both, the chain hash, the root's sequences and what its log makes of nothing. A log is
 * read on from where it was read to the last time. For one thread.
 */
final class GatewayModelCheck implements AutoCloseable {
  /** What a database's log made so far. */
  private static final class Replay {
    private final TreeMap<String, String> pairs = new TreeMap<>();
    private long sequence;
  }

  private final Tree tree;
  private final Connection connection;
  private final Statement statement;
  private final Map<UUID, Replay> replays = new HashMap<>();
  private long entries;

  GatewayModelCheck(Tree tree) throws SQLException {
    this.tree = tree;
    this.connection = tree.connect();
    this.statement = connection.createStatement();
    statement.execute("SET TimeZone = 'UTC'");
  }

  /** Returns how many entries of all logs were read. */
  long entries() {
    return entries;
  }

  Connection connection() {
    return connection;
  }

  /** Waits until the root has all that is committed, and asks whether all guards stand. */
  void settle() throws SQLException {
    statement.execute("SELECT quicksilver.wait_sequenced('2 minutes')");
    try (ResultSet problems = statement.executeQuery("SELECT * FROM quicksilver.problems()")) {
      if (problems.next()) {
        throw new AssertionError(
            "database " + problems.getString(1) + " has a problem: " + problems.getString(2));
      }
    }
  }

  /** Returns the databases that there are, with their ids. */
  Map<String, UUID> databases() throws SQLException {
    Map<String, UUID> found = new TreeMap<>();
    try (ResultSet rows = statement.executeQuery("SELECT name, id FROM quicksilver.databases")) {
      while (rows.next()) {
        found.put(rows.getString(1), rows.getObject(2, UUID.class));
      }
    }
    return found;
  }

  /** Returns a table's rows as PostgreSQL says that an edge must hold them, keys in hex. */
  Map<String, String> pairs(String table, String keyAndValue) throws SQLException {
    Map<String, String> pairs = new TreeMap<>();
    try (ResultSet rows = statement.executeQuery("SELECT " + keyAndValue + " FROM " + table)) {
      while (rows.next()) {
        pairs.put(HexFormat.of().formatHex(rows.getBytes(1)), rows.getString(2));
      }
    }
    return pairs;
  }

  /** Compares what the nodes hold of a database. */
  void compare(String name, UUID id, Map<String, String> expected) {
    try (Database root = open(Node.ROOT, name, id);
        Snapshot atRoot = root.snapshot();
        Database edge = open(Node.EDGE1, name, id)) {
      same(name + " on ROOT", expected, pairs(atRoot));
      replay(name, id, atRoot);
      long last = atRoot.head().lastSequence();
      tree.await(
          "sequence " + last + " of " + name + " on EDGE1",
          () -> edge.head().lastSequence() >= last);
      try (Snapshot atEdge = edge.snapshot()) {
        same(name + " on EDGE1", expected, pairs(atEdge));
        if (!atEdge.head().chainHash().equals(atRoot.head().chainHash())) {
          throw new AssertionError(name + " has another chain hash on EDGE1");
        }
      }
    }
  }

  /** Opens a database on a node, once it has the one with this id. */
  private Database open(Node node, String name, UUID id) {
    DatabaseDirectory directory = new DatabaseDirectory(tree.data(node));
    Database[] opened = new Database[1];
    tree.await(
        "database " + name + " " + id + " on " + node,
        () -> {
          Optional<Path> environment = directory.environment(name);
          if (environment.isEmpty()) {
            return false;
          }
          Database database =
              Database.openReadOnly(environment.orElseThrow(), StorageOptions.DEFAULT);
          if (!database.identity().id().equals(id)) {
            database.close();
            return false;
          }
          opened[0] = database;
          return true;
        });
    return opened[0];
  }

  private void replay(String name, UUID id, Snapshot snapshot) {
    Replay replay = replays.computeIfAbsent(id, unknown -> new Replay());
    Map<String, String> pairs = replay.pairs;
    if (snapshot.head().oldestSequence() > replay.sequence + 1) {
      throw new AssertionError(
          name
              + "'s log begins at "
              + snapshot.head().oldestSequence()
              + " and was read to "
              + replay.sequence
              + ": compare more often");
    }
    LogScan log = snapshot.scanLog(replay.sequence + 1);
    for (LogEntry entry = log.next(); entry != null; entry = log.next()) {
      entries++;
      if (entry.sequence() != ++replay.sequence) {
        throw new AssertionError(name + " lacks sequence " + replay.sequence + " in its log");
      }
      String key = HexFormat.of().formatHex(entry.key());
      switch (entry.operation()) {
        case SET -> pairs.put(key, new String(entry.value(), StandardCharsets.UTF_8));
        case DEL -> pairs.remove(key);
        case CLEAR -> pairs.clear();
      }
    }
    if (replay.sequence != snapshot.head().lastSequence()) {
      throw new AssertionError(
          name + "'s log ends at " + replay.sequence + ", its head says " + snapshot.head());
    }
    same(name + " as its log makes it", pairs, pairs(snapshot));
  }

  private static Map<String, String> pairs(Snapshot snapshot) {
    Map<String, String> pairs = new TreeMap<>();
    try (Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        pairs.put(
            HexFormat.of().formatHex(scan.key()), new String(scan.value(), StandardCharsets.UTF_8));
      }
    }
    return pairs;
  }

  /** Compares two maps, and names a pair that they differ in. */
  static <V> void same(String where, Map<String, V> expected, Map<String, V> found) {
    if (expected.equals(found)) {
      return;
    }
    for (Map.Entry<String, V> pair : expected.entrySet()) {
      V other = found.get(pair.getKey());
      if (!pair.getValue().equals(other)) {
        throw new AssertionError(where + " at " + pair + " has " + other);
      }
    }
    TreeMap<String, V> more = new TreeMap<>(found);
    more.keySet().removeAll(expected.keySet());
    throw new AssertionError(where + " has more than it should: " + more.firstEntry());
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}

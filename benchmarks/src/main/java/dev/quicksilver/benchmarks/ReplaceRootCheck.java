package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.ReplaceRootTables.Table;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * Compares the databases of a tree in which nobody writes: with the tables in PostgreSQL, with what
 * the root's log makes, with where a lost root stood, and with what writers were told.
 */
final class ReplaceRootCheck {
  private final ReplaceRootTree tree;
  private final ReplaceRootTables tables;
  private final ReplaceRootWriters writers;
  private long pairs;
  private long entries;

  ReplaceRootCheck(ReplaceRootTree tree, ReplaceRootTables tables, ReplaceRootWriters writers) {
    this.tree = tree;
    this.tables = tables;
    this.writers = writers;
  }

  /** Returns where each database of a directory stands whose node has ended, by its id. */
  static Map<UUID, Head> heads(Path data) {
    Map<UUID, Head> heads = new HashMap<>();
    for (String name : new DatabaseDirectory(data).names()) {
      try (Database database = open(data, name)) {
        heads.put(database.identity().id(), database.head());
      }
    }
    return heads;
  }

  private static Database open(Path data, String name) {
    return Database.openReadOnly(
        new DatabaseDirectory(data).environment(name).orElseThrow(), StorageOptions.DEFAULT);
  }

  /**
   * Compares all; returns what was compared.
   *
   * @param lost where the root stood that was lost
   */
  String compare(Map<UUID, Head> lost) throws Exception {
    tree.awaitSame();
    String wanted =
        tree.sql().query("SELECT string_agg(name, ' ' ORDER BY name) FROM quicksilver.databases");
    Map<String, String> states = tree.states(ReplaceRootTree.ROOT);
    states.remove("quicksilver");
    require(
        String.join(" ", new TreeSet<>(states.keySet())).equals(wanted),
        "PostgreSQL has the databases " + wanted + ", the nodes " + states.keySet());
    pairs = 0;
    entries = 0;
    for (Table table : tables.all()) {
      table(table);
    }
    requireSameHistory(lost);
    return String.format(
        "%d databases with %,d pairs and %,d entries", tables.all().size(), pairs, entries);
  }

  private void table(Table table) throws Exception {
    Map<ByteBuffer, ByteBuffer> wanted = table.read(tree.connection());
    pairs += wanted.size();
    for (String node : tree.nodes()) {
      Path data = tree.data(tree.directoryOf(node));
      try (Database database = open(data, table.database());
          Snapshot snapshot = database.snapshot()) {
        requireEqual(table.database() + " of " + node, wanted, pairs(snapshot));
        if (node.equals(ReplaceRootTree.ROOT)) {
          log(table, snapshot, wanted);
        }
      }
    }
    if (table.database().equals(ReplaceRootTables.LEDGER)) {
      writers
          .acknowledged()
          .forEach(
              (writer, last) -> {
                for (long number = 1; number <= last; number++) {
                  String key = ReplaceRootWriters.key(writer, number);
                  require(
                      wanted.containsKey(ByteBuffer.wrap(key.getBytes(StandardCharsets.UTF_8))),
                      "the acknowledged transaction " + key + " is lost");
                }
              });
    }
  }

  private static Map<ByteBuffer, ByteBuffer> pairs(Snapshot snapshot) {
    Map<ByteBuffer, ByteBuffer> pairs = new HashMap<>();
    try (Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        pairs.put(copy(scan.key()), copy(scan.value()));
      }
    }
    return pairs;
  }

  private static ByteBuffer copy(byte[] bytes) {
    return ByteBuffer.wrap(bytes.clone());
  }

  private static void requireEqual(
      String what, Map<ByteBuffer, ByteBuffer> wanted, Map<ByteBuffer, ByteBuffer> found) {
    if (wanted.equals(found)) {
      return;
    }
    long missing = wanted.keySet().stream().filter(key -> !found.containsKey(key)).count();
    long tooMany = found.keySet().stream().filter(key -> !wanted.containsKey(key)).count();
    throw new AssertionError(
        what
            + " differs from the table: of "
            + wanted.size()
            + " pairs "
            + missing
            + " are missing, "
            + tooMany
            + " are there that should not be, the others have another value");
  }

  /** The root's log has no gap, and makes what is there if it reaches back to the beginning. */
  private void log(Table table, Snapshot snapshot, Map<ByteBuffer, ByteBuffer> wanted) {
    Map<ByteBuffer, ByteBuffer> made = new HashMap<>();
    Map<String, Long> numbers = new TreeMap<>();
    boolean isLedger = table.database().equals(ReplaceRootTables.LEDGER);
    long oldest = snapshot.head().oldestSequence();
    long next = oldest;
    LogScan log = snapshot.scanLog(oldest);
    for (LogEntry entry = log.next(); entry != null; entry = log.next()) {
      require(
          entry.sequence() == next,
          "the root's log of " + table.database() + " has a gap at sequence " + next);
      next++;
      ByteBuffer key = copy(entry.key());
      switch (entry.operation()) {
        case SET -> made.put(key, copy(entry.value()));
        case DEL -> made.remove(key);
        case CLEAR -> made.clear();
      }
      if (isLedger) {
        ledger(new String(entry.key(), StandardCharsets.UTF_8), numbers);
      }
    }
    require(
        next == snapshot.head().lastSequence() + 1,
        "the root's log of " + table.database() + " ends at " + (next - 1) + ", before its head");
    entries += next - oldest;
    if (oldest == 1) {
      requireEqual("what the root's log of " + table.database() + " makes", wanted, made);
    }
  }

  /** A writer's transactions come in its order, each once. */
  private static void ledger(String key, Map<String, Long> numbers) {
    int slash = key.indexOf('/');
    String writer = key.substring(0, slash);
    long number = Long.parseLong(key.substring(slash + 1));
    Long before = numbers.put(writer, number);
    require(
        before == null || number == before + 1,
        "in the root's log transaction " + key + " of a writer comes after its " + before);
  }

  /** What the lost root had written is what the new one has there, bit for bit. */
  private void requireSameHistory(Map<UUID, Head> lost) {
    Path data = tree.data(tree.directoryOf(ReplaceRootTree.ROOT));
    for (String name : new DatabaseDirectory(data).names()) {
      try (Database database = open(data, name)) {
        Head before = lost.get(database.identity().id());
        Head now = database.head();
        if (before == null || before.lastSequence() + 1 < now.oldestSequence()) {
          continue; // made since, or the root is a backup of what came later
        }
        require(
            before.lastSequence() <= now.lastSequence(),
            name + " ends at " + now.lastSequence() + ", the lost root had " + before);
        require(
            database.chainHashAt(before.lastSequence()).equals(before.chainHash()),
            name + " has another history at " + before.lastSequence() + " than the lost root");
      }
    }
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }
}

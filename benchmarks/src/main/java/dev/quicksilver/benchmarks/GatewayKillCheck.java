package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Compares all nodes with one another, with PostgreSQL's tables, and with what the writers have
 * committed, while nobody writes. It keeps the databases open: a process must not open an
 * environment twice. For one thread.
 */
final class GatewayKillCheck implements AutoCloseable {
  /** What a node says of a history that is not its upstream's, of a copy begun anew, of a fault. */
  private static final Pattern ALARM =
      Pattern.compile(
          "FORK|DIVERG|CORRUPT|contradict|COPYING|copying (what|from)|copy that was begun"
              + "|is copied|OutOfMemory| ERROR ");

  private record Copy(String node, String database) {}

  private final GatewayKillNodes nodes;
  private final GatewayKillLog log;
  private final Map<Copy, Database> open = new HashMap<>();

  /** Up to which sequence the log is known to be what was committed, by database. */
  private final Map<String, Long> checked = new HashMap<>();

  /** How long the nodes' logs were when this began. */
  private final Map<String, Long> logged = new HashMap<>();

  GatewayKillCheck(GatewayKillNodes nodes, GatewayKillLog log) throws IOException {
    this.nodes = nodes;
    this.log = log;
    for (String node : GatewayKillNodes.all()) {
      logged.put(node, Files.size(nodes.cluster().log(node)));
    }
  }

  /** A node's database, for reading. */
  Database database(String node, String database) {
    return open.computeIfAbsent(new Copy(node, database), this::open);
  }

  private Database open(Copy copy) {
    Path environment =
        new DatabaseDirectory(nodes.cluster().data(copy.node()))
            .environment(copy.database())
            .orElseThrow();
    return Database.openReadOnly(environment, StorageOptions.DEFAULT);
  }

  /**
   * Waits until all nodes have all that was committed, and compares.
   *
   * @param fromTheBeginning whether the logs are read as a whole for gaps
   * @return the entries in all databases
   */
  long check(boolean fromTheBeginning) throws Exception {
    long entries = 0;
    for (String database : GatewayKillLoad.databases()) {
      entries += check(database, fromTheBeginning);
    }
    for (String node : GatewayKillNodes.all()) {
      requireQuiet(node);
    }
    return entries;
  }

  private long check(String name, boolean fromTheBeginning) throws Exception {
    long wanted = log.entries(name);
    for (String node : GatewayKillNodes.all()) {
      Database copy = database(node, name);
      nodes.await(
          wanted + " entries of " + name + " on " + node,
          () -> copy.head().lastSequence() >= wanted);
    }
    Model table = table(name);
    Head first = database(GatewayKillNodes.EDGE, name).head();
    for (String node : GatewayKillNodes.all()) {
      try (Snapshot snapshot = database(node, name).snapshot()) {
        Head head = snapshot.head();
        require(
            head.lastSequence() == wanted,
            "%s of %s has %d entries, %d were committed"
                .formatted(name, node, head.lastSequence(), wanted));
        require(
            head.chainHash().equals(first.chainHash())
                && head.contentDigest().equals(first.contentDigest()),
            "%s of %s differs from the edge's: %s and %s".formatted(name, node, head, first));
        require(
            snapshot.pairs() == table.pairs().size() && Model.sum(snapshot).equals(table.sum()),
            "%s of %s differs from PostgreSQL's table".formatted(name, node));
        requireGapless(node, name, snapshot, fromTheBeginning ? 1 : after(name));
      }
    }
    requireCommitted(name);
    checked.put(name, wanted);
    return wanted;
  }

  private long after(String database) {
    return checked.getOrDefault(database, 0L) + 1;
  }

  private Model table(String name) throws SQLException {
    Model table = new Model();
    try (Connection connection = nodes.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT key, value FROM " + name)) {
      while (rows.next()) {
        table.set(rows.getString(1), rows.getString(2));
      }
    }
    return table;
  }

  private static void requireGapless(String node, String name, Snapshot snapshot, long from) {
    LogScan scan = snapshot.scanLog(from);
    long next = from;
    for (LogEntry entry = scan.next(); entry != null; entry = scan.next()) {
      require(
          entry.sequence() == next,
          "%s of %s has sequence %d where %d should be"
              .formatted(name, node, entry.sequence(), next));
      next++;
    }
    require(
        next - 1 == snapshot.head().lastSequence(),
        "the log of %s of %s ends at %d, its head is %s"
            .formatted(name, node, next - 1, snapshot.head()));
  }

  /** The log holds each writer's transactions, whole, in order, each once, and nothing else. */
  private void requireCommitted(String name) {
    try (Snapshot snapshot = database(GatewayKillNodes.EDGE, name).snapshot()) {
      LogScan scan = snapshot.scanLog(after(name));
      Deque<String> transaction = new ArrayDeque<>();
      long commit = 0;
      for (LogEntry entry = scan.next(); entry != null; entry = scan.next()) {
        String found = "entry " + entry.sequence() + " of " + name;
        if (transaction.isEmpty()) {
          require(
              Long.compareUnsigned(entry.commitLsn(), commit) > 0,
              found + " was committed before its predecessor");
          commit = entry.commitLsn();
          Optional<List<String>> next = log.next(name, GatewayKillLog.writer(entry));
          require(
              next.isPresent(),
              found + " is one that nobody committed, or once more: " + text(entry));
          transaction.addAll(next.orElseThrow());
        }
        String wanted = transaction.remove();
        require(
            text(entry).equals(wanted),
            "%s is \"%s\" where \"%s\" should be".formatted(found, text(entry), wanted));
        require(entry.commitLsn() == commit, found + " has not its transaction's position");
      }
      require(transaction.isEmpty(), name + " ends within a transaction");
      require(log.isEmpty(name), "of " + name + " not all that was committed is in the log");
    }
  }

  private static String text(LogEntry entry) {
    return GatewayKillLog.text(entry);
  }

  private void requireQuiet(String node) throws IOException {
    try (InputStream in = Files.newInputStream(nodes.cluster().log(node))) {
      in.skipNBytes(logged.getOrDefault(node, 0L));
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> ALARM.matcher(line).find())
          .findFirst()
          .ifPresent(
              line -> {
                throw new AssertionError(node + " has logged: " + line);
              });
    }
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public void close() {
    open.values().forEach(Database::close);
  }
}

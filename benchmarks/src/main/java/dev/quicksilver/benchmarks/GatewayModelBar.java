package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.GatewayModelTable.Row;
import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Pair;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * {@code gateway.model}: random transactions of all kinds on a table of {@code create_database} and
 * on published ones; every so often source tables, root and an edge are compared with a model.
 */
final class GatewayModelBar implements Bar {
  /** Rows have the numbers below this one, which is that of the row to wait for. */
  static final int IDS = 3_000;

  @Override
  public String name() {
    return "gateway.model";
  }

  @Override
  public String description() {
    return "random changes of every kind: tables, root and edge against a model of its own";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int changes = settings.size(1_000_000, 20_000);
    int checkpoints = settings.size(20, 4);
    List<GatewayModelTable> tables = GatewayModelTables.create();
    try (Tree tree = Tree.start()) {
      tree.sql(GatewayModelTables.SQL);
      Map<Node, Map<String, Database>> copies = new EnumMap<>(Node.class);
      try (Connection connection = tree.connect()) {
        for (Node node : List.of(Node.ROOT, Node.EDGE1)) {
          Map<String, Database> open = new TreeMap<>();
          copies.put(node, open);
          for (GatewayModelTable table : tables) {
            open.put(table.name, tree.open(node, table.name));
          }
        }
        GatewayModelWriter writer =
            new GatewayModelWriter(connection, tables, new Random(settings.seed()));
        long entries = 0;
        for (int i = 1; i <= checkpoints; i++) {
          while (writer.changes() < (long) changes * i / checkpoints) {
            writer.transaction();
          }
          writer.checkpoint(i);
          entries = compare(tree, connection, tables, copies);
          System.out.printf("%,d changes: all agree%n", writer.changes());
        }
        System.out.println("transactions and statements: " + writer.kinds());
        return new Outcome(
            String.format(
                "%,d changes, %,d entries, %d comparisons, all equal",
                writer.changes(), entries, checkpoints),
            "= tables, root and edge equal to the model",
            writer.changes() >= changes);
      } finally {
        copies.values().forEach(open -> open.values().forEach(Database::close));
      }
    }
  }

  /** Returns the number of entries of all databases. */
  private static long compare(
      Tree tree,
      Connection connection,
      List<GatewayModelTable> tables,
      Map<Node, Map<String, Database>> copies)
      throws SQLException {
    long entries = 0;
    for (GatewayModelTable table : tables) {
      same(table.name + " in PostgreSQL", table.source(), source(connection, table));
      Map<String, String> expected = table.edge();
      String marker = expected.get(HexFormat.of().formatHex(table.edgeKey(IDS)));
      String chain = "";
      for (Map.Entry<Node, Map<String, Database>> node : copies.entrySet()) {
        Database database = Objects.requireNonNull(node.getValue().get(table.name));
        tree.await(
            "the last change of " + table.name + " on " + node.getKey(),
            () -> text(database, table.edgeKey(IDS)).equals(marker));
        try (Snapshot snapshot = database.snapshot()) {
          same(table.name + " on " + node.getKey(), expected, pairs(snapshot));
          String here = snapshot.head().chainHash().toString();
          if (!chain.isEmpty() && !chain.equals(here)) {
            throw new AssertionError(table.name + " has another chain hash on " + node.getKey());
          }
          chain = here;
          entries += node.getKey() == Node.ROOT ? snapshot.head().lastSequence() : 0;
        }
      }
    }
    return entries;
  }

  private static String text(Database database, byte[] key) {
    try (Snapshot snapshot = database.snapshot()) {
      Pair pair = snapshot.get(key);
      return pair == null ? "" : new String(pair.value(), StandardCharsets.UTF_8);
    }
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

  private static Map<String, Row> source(Connection connection, GatewayModelTable table)
      throws SQLException {
    Map<String, Row> found = new TreeMap<>();
    String rest = table.hasNumber() ? "big, n, j::text" : "value, 0, ''";
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT concat_ws('|', " + table.keys() + "), " + rest + " FROM " + table.name)) {
      while (rows.next()) {
        found.put(rows.getString(1), new Row(rows.getString(2), rows.getInt(3), rows.getString(4)));
      }
    }
    return found;
  }

  private static <V> void same(String where, Map<String, V> expected, Map<String, V> found) {
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
}

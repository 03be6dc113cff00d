package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.GatewayModelTable.Row;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;

/**
 * {@code gateway.model}: random histories, and every so often all stand still and are compared. One
 * connection writes tables of which a model of its own says what they hold; several others write
 * the same tables, whose definitions and partitions change meanwhile, and PostgreSQL says what
 * those hold.
 */
final class GatewayModelBar implements Bar {
  /** Rows have the numbers below this one. */
  static final int IDS = 3_000;

  @Override
  public String name() {
    return "gateway.model";
  }

  @Override
  public String description() {
    return "random histories of SQL: tables, root, its log and an edge against what must be there";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int changes = settings.size(1_000_000, 20_000);
    int rounds = settings.size(20, 4);
    int definitions = settings.size(15, 10);
    System.out.println("seed " + settings.seed());
    List<GatewayModelTable> own = GatewayModelTables.create();
    try (Tree tree = Tree.start()) {
      tree.sql(GatewayModelTables.SQL);
      tree.sql(GatewayModelShared.SQL);
      try (GatewayModelCheck check = new GatewayModelCheck(tree);
          GatewayModelCrew crew = new GatewayModelCrew(tree, own, settings.seed())) {
        for (int i = 1; i <= rounds; i++) {
          crew.run((long) changes * i / rounds, definitions);
          compare(check, crew, own);
          System.out.printf("%,d changes: all agree%n", crew.changes());
        }
        crew.kinds().forEach((who, kinds) -> System.out.println(who + ": " + kinds));
        requireThatItCanFail(check, crew, own);
        return new Outcome(
            String.format(
                "%,d changes, %,d entries, %d comparisons, all equal",
                crew.changes(), check.entries(), rounds),
            "= tables, root, its log and edge as they must be",
            crew.changes() >= changes);
      }
    }
  }

  private static void compare(
      GatewayModelCheck check, GatewayModelCrew crew, List<GatewayModelTable> own)
      throws SQLException {
    check.settle();
    compareContent(check, crew, own);
  }

  private static void compareContent(
      GatewayModelCheck check, GatewayModelCrew crew, List<GatewayModelTable> own)
      throws SQLException {
    Map<String, UUID> databases = check.databases();
    for (GatewayModelTable table : own) {
      GatewayModelCheck.same(
          table.name + " in PostgreSQL", table.source(), source(check.connection(), table));
      check.compare(table.name, Objects.requireNonNull(databases.remove(table.name)), table.edge());
    }
    for (Map.Entry<String, UUID> database : databases.entrySet()) {
      String name = database.getKey();
      String pairs = Objects.requireNonNull(crew.pairs().get(name), name);
      String place = Objects.requireNonNull(crew.places().get(name), name);
      check.compare(name, database.getValue(), check.pairs(place, pairs));
    }
  }

  /** Takes a guard away and does what it would have refused: the comparison has to tell. */
  private static void requireThatItCanFail(
      GatewayModelCheck check, GatewayModelCrew crew, List<GatewayModelTable> own)
      throws SQLException {
    try (Statement statement = check.connection().createStatement()) {
      statement.execute(
          "INSERT INTO lists_rest VALUES ('not there', 1, '') ON CONFLICT DO NOTHING");
      statement.execute("ALTER EVENT TRIGGER quicksilver_after_ddl DISABLE");
      statement.execute("ALTER TABLE lists_rest DISABLE TRIGGER ALL");
      statement.execute("TRUNCATE lists_rest");
      statement.execute("ALTER TABLE lists_rest ENABLE ALWAYS TRIGGER quicksilver_truncate_whole");
      statement.execute("ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS");
    }
    check.settle();
    try {
      compareContent(check, crew, own);
    } catch (AssertionError e) {
      System.out.println("after a TRUNCATE that no guard saw: " + e.getMessage());
      return;
    }
    throw new AssertionError("a partition was truncated behind the root, and nobody noticed");
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
}

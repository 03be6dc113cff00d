package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.SqlSession;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The tables of one central database and what is done to them as a whole: databases come and go,
 * also under a name that there was before, tables with rows are published, large transactions and
 * TRUNCATE, WAL that is nobody's. One thread at a time; others may look at the list.
 */
final class ReplaceRootTables {
  /** Every writer's transaction leaves a row here, for good. */
  static final String LEDGER = "ledger";

  private static final int MOST = 8;

  private static final int FEWEST = 2;

  private enum Kind {
    PLAIN("key", "value", "'k' || ", "convert_to(key, 'UTF8')"),
    TEXT("k", "v", "'k' || ", "convert_to(k, 'UTF8')"),
    INTEGER("k", "v", "", "quicksilver.key_of(k)");

    final String key;
    final String value;
    final String before;
    final String stored;

    Kind(String key, String value, String before, String stored) {
      this.key = key;
      this.value = value;
      this.before = before;
      this.stored = stored;
    }
  }

  /** A database and its table. */
  record Table(String database, String name, Kind kind) {
    /** A statement that gives the keys of some numbers new values. */
    String write(int from, int to, String value) {
      return String.format(
          Locale.ROOT,
          "INSERT INTO %s (%s, %s) SELECT %s i, %s FROM generate_series(%d, %d) i"
              + " ON CONFLICT (%2$s) DO UPDATE SET %3$s = excluded.%3$s",
          name,
          kind.key,
          kind.value,
          kind.before,
          value,
          from,
          to);
    }

    /** A statement that changes the values of the keys among them that are there. */
    String update(int from, int to, String value) {
      return "UPDATE " + name + " SET " + kind.value + " = " + value + where(from, to);
    }

    String delete(int from, int to) {
      return "DELETE FROM " + name + where(from, to);
    }

    private String where(int from, int to) {
      return String.format(
          Locale.ROOT,
          " WHERE %s IN (SELECT %s i FROM generate_series(%d, %d) i)",
          kind.key,
          kind.before,
          from,
          to);
    }

    /** Reads its rows as they have to be stored. */
    Map<ByteBuffer, ByteBuffer> read(Connection connection) throws SQLException {
      Map<ByteBuffer, ByteBuffer> pairs = new HashMap<>();
      try (Statement statement = connection.createStatement();
          ResultSet rows =
              statement.executeQuery(
                  "SELECT "
                      + kind.stored
                      + ", convert_to("
                      + kind.value
                      + ", 'UTF8') FROM "
                      + name)) {
        while (rows.next()) {
          pairs.put(ByteBuffer.wrap(rows.getBytes(1)), ByteBuffer.wrap(rows.getBytes(2)));
        }
      }
      return pairs;
    }
  }

  private final Random random;
  private final Table ledger = new Table(LEDGER, LEDGER, Kind.PLAIN);
  private final List<Table> tables = new CopyOnWriteArrayList<>();
  private final List<String> dropped = new ArrayList<>();
  private int count;

  ReplaceRootTables(Random random) {
    this.random = random;
  }

  /** Makes the first ones. */
  void begin(SqlSession sql) throws SQLException {
    sql.execute("SELECT quicksilver.create_database('" + LEDGER + "')");
    sql.execute("CREATE TABLE other (i int, t text)");
    create(sql);
    publish(sql);
  }

  /** Returns those that writers may write to now, or might have a moment ago. */
  List<Table> tables() {
    return tables;
  }

  /** Returns all of them, the ledger included. */
  List<Table> all() {
    List<Table> all = new ArrayList<>(tables);
    all.add(ledger);
    return all;
  }

  /** Does one random thing; returns what. */
  String step(SqlSession sql) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      try {
        return attempt(sql);
      } catch (SQLException e) {
        // It met a writer; whatever it was has not happened.
        sql.execute("ROLLBACK");
        if (!"40P01".equals(e.getSQLState()) || attempt == 5) {
          throw e;
        }
      }
    }
  }

  private String attempt(SqlSession sql) throws SQLException {
    int choice = random.nextInt(12);
    if (choice <= 4 && tables.size() < FEWEST) {
      choice = 0;
    } else if (choice <= 2 && tables.size() >= MOST) {
      choice = 3;
    }
    return switch (choice) {
      case 0, 1 -> create(sql);
      case 2 -> publish(sql);
      case 3 -> drop(sql);
      case 4 -> again(sql);
      case 5, 6 -> large(sql);
      case 7 -> truncate(sql);
      case 8 -> other(sql);
      default -> change(sql);
    };
  }

  private Table any() {
    return tables.get(random.nextInt(tables.size()));
  }

  private String name() {
    return dropped.isEmpty() || random.nextBoolean()
        ? "d" + ++count
        : dropped.remove(random.nextInt(dropped.size()));
  }

  private String create(SqlSession sql) throws SQLException {
    String name = name();
    sql.execute("SELECT quicksilver.create_database('" + name + "')");
    tables.add(new Table(name, name, Kind.PLAIN));
    return "create " + name;
  }

  private String publish(SqlSession sql) throws SQLException {
    Kind kind = random.nextBoolean() ? Kind.TEXT : Kind.INTEGER;
    String name = name();
    Table table = new Table(name, "t" + ++count, kind);
    sql.execute(
        "CREATE TABLE "
            + table.name
            + (kind == Kind.TEXT ? " (k text" : " (k int")
            + " PRIMARY KEY, v text NOT NULL)");
    int rows = random.nextInt(3_000);
    sql.execute(table.write(1, rows, value()));
    sql.execute("SELECT quicksilver.publish('" + table.name + "', '" + name + "')");
    tables.add(table);
    return "publish " + name + " with " + rows + " rows";
  }

  private String drop(SqlSession sql) throws SQLException {
    Table table = any();
    sql.execute(dropping(table));
    tables.remove(table);
    dropped.add(table.database);
    return "drop " + table.database;
  }

  private static String dropping(Table table) {
    return table.kind == Kind.PLAIN
        ? "SELECT quicksilver.drop_database('" + table.database + "')"
        : "SELECT quicksilver.unpublish('" + table.database + "'); DROP TABLE " + table.name;
  }

  /** Drops a database and makes another one of the same name at once. */
  private String again(SqlSession sql) throws SQLException {
    Table table = any();
    String creating = "SELECT quicksilver.create_database('" + table.database + "')";
    Table next = new Table(table.database, table.database, Kind.PLAIN);
    boolean together = random.nextBoolean();
    if (together) {
      sql.execute("BEGIN; " + dropping(table) + "; " + creating + "; COMMIT");
      tables.remove(table);
    } else {
      sql.execute(dropping(table));
      tables.remove(table);
      sql.execute(creating);
    }
    tables.add(next);
    return "drop and create " + table.database + (together ? " in one transaction" : "");
  }

  private String large(SqlSession sql) throws SQLException {
    Table table = any();
    int rows = 5_000 + random.nextInt(10_000);
    sql.execute(table.write(1, rows, value()));
    return rows + " rows of " + table.database + " in one transaction";
  }

  private String truncate(SqlSession sql) throws SQLException {
    Table table = any();
    sql.execute("TRUNCATE " + table.name);
    return "truncate " + table.database;
  }

  /** WAL without an entry. */
  String other(SqlSession sql) throws SQLException {
    int rows = 1 + random.nextInt(5_000);
    sql.execute("INSERT INTO other SELECT i, md5(i::text) FROM generate_series(1, " + rows + ") i");
    return rows + " rows of a table that is not published";
  }

  private String change(SqlSession sql) throws SQLException {
    Table table = any();
    int from = random.nextInt(2_000);
    int to = from + random.nextInt(500);
    sql.execute(
        switch (random.nextInt(3)) {
          case 0 -> table.delete(from, to);
          case 1 -> table.update(from, to, value(random, "md5(" + table.kind.value + ")"));
          default -> table.write(from, to, value());
        });
    return "change " + table.database;
  }

  private String value() {
    return value(random, "md5(i::text)");
  }

  /** An SQL expression: mostly short, sometimes empty, rarely larger than a page. */
  static String value(Random random, String hash) {
    return switch (random.nextInt(20)) {
      case 0 -> "''";
      case 1 -> "repeat(" + hash + ", CASE WHEN random() < 0.01 THEN 300 ELSE 1 END)";
      default -> "'" + Long.toString(random.nextLong(), 36) + "' || " + hash;
    };
  }
}

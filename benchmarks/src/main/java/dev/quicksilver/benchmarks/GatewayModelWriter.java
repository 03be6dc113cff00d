package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.GatewayModelTable.Row;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;

/** Random transactions of all kinds on the tables, told to their models. For one thread. */
final class GatewayModelWriter {
  private static final String ALPHABET = "abc'\"\\ \n\täö€\u0001";

  private final Connection connection;
  private final Statement statement;
  private final List<GatewayModelTable> tables;
  private final Random random;
  private final TreeMap<String, Integer> kinds = new TreeMap<>();
  private long committed;
  private int pending;
  private int prepared;

  GatewayModelWriter(Connection connection, List<GatewayModelTable> tables, Random random)
      throws SQLException {
    this.connection = connection;
    this.statement = connection.createStatement();
    this.tables = tables;
    this.random = random;
    statement.execute("SET synchronous_commit = off");
  }

  /** Returns how many row changes are committed; a TRUNCATE is one. */
  long changes() {
    return committed;
  }

  /** Returns how often each kind of statement and of end came. */
  Map<String, Integer> kinds() {
    return kinds;
  }

  /** One transaction, committed or not. */
  void transaction() throws Exception {
    pending = 0;
    statement.execute("BEGIN");
    int parts = 1 + random.nextInt(6);
    for (int i = 0; i < parts; i++) {
      if (random.nextInt(4) == 0) {
        savepoint();
      } else {
        change();
      }
    }
    boolean commit = random.nextInt(10) > 0;
    if (random.nextInt(8) == 0) {
      String name = "'model " + ++prepared + "'";
      statement.execute("PREPARE TRANSACTION " + name);
      statement.execute((commit ? "COMMIT" : "ROLLBACK") + " PREPARED " + name);
      count(commit ? "commit prepared" : "rollback prepared");
    } else {
      statement.execute(commit ? "COMMIT" : "ROLLBACK");
      count(commit ? "commit" : "rollback");
    }
    end(commit);
  }

  private void end(boolean commit) {
    for (GatewayModelTable table : tables) {
      if (!commit) {
        table.rollBack(0);
      }
      table.commit();
    }
    committed += commit ? pending : 0;
  }

  private void savepoint() throws Exception {
    List<Integer> marks = tables.stream().map(GatewayModelTable::mark).toList();
    int before = pending;
    statement.execute("SAVEPOINT s");
    change();
    if (random.nextBoolean()) {
      change();
    }
    int end = random.nextInt(3);
    if (end == 0) {
      statement.execute("RELEASE SAVEPOINT s");
      count("savepoint released");
      return;
    }
    if (end == 1) {
      try {
        statement.execute("INSERT INTO kv SELECT '', 'x'");
        throw new AssertionError("PostgreSQL took an empty key");
      } catch (SQLException e) {
        if (!"23514".equals(e.getSQLState())) {
          throw e;
        }
      }
    }
    statement.execute("ROLLBACK TO SAVEPOINT s");
    count(end == 1 ? "savepoint after an error" : "savepoint rolled back");
    for (int i = 0; i < marks.size(); i++) {
      tables.get(i).rollBack(marks.get(i));
    }
    pending = before;
  }

  private void change() throws Exception {
    GatewayModelTable table = tables.get(random.nextInt(tables.size()));
    TreeSet<Integer> ids = new TreeSet<>();
    int rows = 1 + (random.nextInt(10) == 0 ? random.nextInt(60) : random.nextInt(8));
    for (int i = 0; i < rows; i++) {
      int id = random.nextInt(GatewayModelBar.IDS);
      ids.add(random.nextBoolean() ? table.any(random, id) : id);
    }
    int kind = random.nextInt(100);
    if (kind < 25) {
      count("insert on conflict do update");
      upsert(table, ids, row());
    } else if (kind < 35) {
      count("insert on conflict do nothing");
      insertNew(table, ids);
    } else if (kind < 45) {
      count("copy");
      copy(table, ids);
    } else if (kind < 65) {
      count("update");
      update(table, ids);
    } else if (kind < 75) {
      count("delete returning");
      delete(table, ids);
    } else if (kind < 87) {
      count("key change");
      moveKey(table, ids);
    } else if (kind < 99 || random.nextInt(10) > 0) {
      count("merge");
      merge(table, ids);
    } else {
      count("truncate");
      truncate(table);
    }
  }

  private void count(String kind) {
    kinds.merge(kind, 1, Integer::sum);
  }

  private Row row() {
    int length = random.nextInt(30) == 0 ? 2_000 + random.nextInt(6_000) : random.nextInt(40);
    StringBuilder big = new StringBuilder();
    for (int i = 0; i < length; i++) {
      big.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    int n = random.nextInt(1_000_000);
    return new Row(big.toString(), n, "{\"q\": " + n + ", \"t\": [true, null, \"ä\"]}");
  }

  private static String insert(GatewayModelTable table) {
    return "INSERT INTO "
        + table.name
        + " ("
        + table.keys()
        + ", "
        + String.join(", ", table.columns)
        + ") VALUES ";
  }

  private static String list(GatewayModelTable table, TreeSet<Integer> ids, Row row) {
    return ids.stream().map(id -> table.values(id, row)).collect(Collectors.joining(", "));
  }

  private void upsert(GatewayModelTable table, TreeSet<Integer> ids, Row row) throws SQLException {
    String sets =
        table.columns.stream()
            .map(column -> column + " = excluded." + column)
            .collect(Collectors.joining(", "));
    run(
        ids.size(),
        insert(table)
            + list(table, ids, row)
            + " ON CONFLICT ("
            + table.keys()
            + ") DO UPDATE SET "
            + sets);
    ids.forEach(id -> table.set(id, row));
  }

  private void insertNew(GatewayModelTable table, TreeSet<Integer> ids) throws SQLException {
    Row row = row();
    TreeSet<Integer> missing = new TreeSet<>(ids);
    missing.removeIf(id -> table.get(id) != null);
    run(missing.size(), insert(table) + list(table, ids, row) + " ON CONFLICT DO NOTHING");
    missing.forEach(id -> table.set(id, row));
  }

  private void copy(GatewayModelTable table, TreeSet<Integer> ids) throws Exception {
    ids.removeIf(id -> table.get(id) != null);
    Row row = row();
    StringBuilder csv = new StringBuilder();
    for (int id : ids) {
      csv.append(table.csv(id, row)).append('\n');
    }
    String sql =
        insert(table).replace("INSERT INTO", "COPY").replace("VALUES", "FROM STDIN (FORMAT csv)");
    long copied =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn(sql, new StringReader(csv.toString()));
    expect(ids.size(), copied, sql);
    ids.forEach(id -> table.set(id, row));
  }

  private void update(GatewayModelTable table, TreeSet<Integer> ids) throws SQLException {
    ids.removeIf(id -> table.get(id) == null);
    Row row = row();
    boolean leaveBig = table.hasNumber() && random.nextInt(3) > 0;
    String set =
        leaveBig
            ? "n = " + row.n()
            : table.columns.getFirst() + " = " + GatewayModelTable.quote(row.big());
    run(ids.size(), "UPDATE " + table.name + " SET " + set + where(table, ids));
    for (int id : ids) {
      Row old = table.row(id);
      table.set(
          id,
          leaveBig
              ? new Row(old.big(), row.n(), old.json())
              : new Row(row.big(), old.n(), old.json()));
    }
  }

  private void delete(GatewayModelTable table, TreeSet<Integer> ids) throws SQLException {
    ids.removeIf(id -> table.get(id) == null);
    String sql = "DELETE FROM " + table.name + where(table, ids) + " RETURNING " + table.keys();
    long found = 0;
    try (var rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        found++;
      }
    }
    expect(ids.size(), found, sql);
    ids.forEach(table::remove);
  }

  private void moveKey(GatewayModelTable table, TreeSet<Integer> ids) throws SQLException {
    for (int from : ids.stream().limit(4).toList()) {
      int to = random.nextInt(GatewayModelBar.IDS);
      if (table.get(from) == null || table.get(to) != null) {
        continue;
      }
      String set =
          table.keyColumns.size() == 1
              ? table.keys() + " = " + table.key(to)
              : "(" + table.keys() + ") = " + table.key(to);
      run(1, "UPDATE " + table.name + " SET " + set + where(table, new TreeSet<>(List.of(from))));
      Row row = table.row(from);
      table.remove(from);
      table.set(to, row);
    }
  }

  private void merge(GatewayModelTable table, TreeSet<Integer> ids) throws SQLException {
    Row row = row();
    boolean deletes = random.nextInt(3) == 0;
    String columns = table.keys() + ", " + String.join(", ", table.columns);
    String on =
        table.keyColumns.stream()
            .map(key -> "t." + key + " = s." + key)
            .collect(Collectors.joining(" AND "));
    String first = table.columns.getFirst();
    run(
        ids.size(),
        "MERGE INTO %s t USING (VALUES %s) AS s (%s) ON %s WHEN MATCHED THEN %s WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s)"
            .formatted(
                table.name,
                list(table, ids, row),
                columns,
                on,
                deletes ? "DELETE" : "UPDATE SET " + first + " = s." + first,
                columns,
                "s." + columns.replace(", ", ", s.")));
    for (int id : ids) {
      Row old = table.get(id);
      if (old == null) {
        table.set(id, row);
      } else if (deletes) {
        table.remove(id);
      } else {
        table.set(id, new Row(row.big(), old.n(), old.json()));
      }
    }
  }

  private void truncate(GatewayModelTable table) throws SQLException {
    if (table.name.equals("child")) {
      statement.execute("TRUNCATE anchor CASCADE");
      statement.execute("INSERT INTO anchor VALUES (1)");
    } else {
      statement.execute("TRUNCATE " + table.name);
    }
    pending++;
    table.clear();
  }

  private static String where(GatewayModelTable table, TreeSet<Integer> ids) {
    return ids.isEmpty()
        ? " WHERE false"
        : " WHERE ("
            + table.keys()
            + ") IN ("
            + ids.stream().map(table::key).collect(Collectors.joining(", "))
            + ")";
  }

  private void run(int expected, String sql) throws SQLException {
    expect(expected, statement.executeUpdate(sql), sql);
  }

  private void expect(int expected, long rows, String sql) {
    if (rows != expected) {
      throw new AssertionError(rows + " rows and not " + expected + " were changed by " + sql);
    }
    pending += expected;
  }
}

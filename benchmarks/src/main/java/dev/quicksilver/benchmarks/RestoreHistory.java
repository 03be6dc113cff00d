package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A random central database: databases of all kinds among tables that are nobody's, and roles that
 * may read some of them at the edges.
 */
final class RestoreHistory {
  private enum Kind {
    PLAIN("key", "value"),
    SINGLE("k", "v"),
    OBJECT("k", "a, b"),
    PARTITIONED("k", "v");

    final String key;
    final String value;

    Kind(String key, String value) {
      this.key = key;
      this.value = value;
    }
  }

  /** One database and where its table is now. */
  private static final class Made {
    final String name;
    final Kind kind;
    String table;

    Made(String name, Kind kind, String table) {
      this.name = name;
      this.kind = kind;
      this.table = table;
    }
  }

  private static final String VERIFIER =
      "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$" + "A".repeat(43) + "=:" + "B".repeat(43) + "=";

  private final Random random;
  private final Set<String> roles = new TreeSet<>();
  private final List<Made> databases = new ArrayList<>();
  private int count;

  RestoreHistory(Random random) {
    this.random = random;
  }

  /** Makes all of it, in a random order, so that OIDs lie among each other. */
  void make(SqlSession sql) throws SQLException {
    sql.execute("CREATE SCHEMA moved");
    int steps = 15 + random.nextInt(25);
    for (int i = 0; i < steps; i++) {
      switch (random.nextInt(11)) {
        case 0, 1 -> stranger(sql);
        case 2, 3 -> createDatabase(sql);
        case 4 -> publish(sql, Kind.SINGLE);
        case 5 -> publish(sql, Kind.OBJECT);
        case 6 -> publish(sql, Kind.PARTITIONED);
        case 7 -> drop(sql);
        case 8, 9 -> grant(sql);
        default -> rename(sql);
      }
    }
    createDatabase(sql);
    grant(sql);
    write(sql);
  }

  /** Roles are the server's, not the database's: their names begin with its. */
  private void grant(SqlSession sql) throws SQLException {
    if (databases.isEmpty()) {
      return;
    }
    String role = sql.query("SELECT current_database()") + "_reader_" + random.nextInt(3);
    if (roles.add(role)) {
      makeRole(sql, role);
    }
    String database =
        random.nextInt(5) == 0 ? "*" : databases.get(random.nextInt(databases.size())).name;
    sql.execute("SELECT quicksilver.grant_read('" + role + "', '" + database + "')");
  }

  private static void makeRole(SqlSession sql, String role) throws SQLException {
    sql.execute("CREATE ROLE " + role + " LOGIN PASSWORD '" + VERIFIER + "'");
  }

  /** Makes the roles in another server, as they are in this one. */
  void makeRoles(SqlSession sql) throws SQLException {
    for (String role : roles) {
      makeRole(sql, role);
    }
  }

  /** Tables that are in the server already, so that a restore gets other OIDs. */
  void makeStrangers(SqlSession sql) throws SQLException {
    int tables = random.nextInt(40);
    for (int i = 0; i < tables; i++) {
      stranger(sql);
    }
  }

  private void stranger(SqlSession sql) throws SQLException {
    String table = "stranger_" + ++count;
    sql.execute("CREATE TABLE " + table + " AS SELECT generate_series(1, 3) AS a");
  }

  private void createDatabase(SqlSession sql) throws SQLException {
    String name = "d" + ++count;
    sql.execute("SELECT quicksilver.create_database('" + name + "')");
    databases.add(new Made(name, Kind.PLAIN, "public." + name));
  }

  private void publish(SqlSession sql, Kind kind) throws SQLException {
    String name = "p" + ++count;
    String table = "public.t_" + name;
    switch (kind) {
      case SINGLE -> sql.execute("CREATE TABLE " + table + " (k int PRIMARY KEY, v text NOT NULL)");
      case OBJECT ->
          sql.execute("CREATE TABLE " + table + " (k text PRIMARY KEY, a bigint, b numeric)");
      default -> {
        sql.execute(
            "CREATE TABLE "
                + table
                + " (k int PRIMARY KEY, v text NOT NULL) PARTITION BY HASH (k)");
        for (int i = 0; i < 3; i++) {
          sql.execute(
              String.format(
                  "CREATE TABLE %s_%d PARTITION OF %s FOR VALUES WITH (MODULUS 3, REMAINDER %d)",
                  table, i, table, i));
        }
      }
    }
    if (kind == Kind.OBJECT) {
      sql.execute("ALTER TABLE " + table + " REPLICA IDENTITY FULL");
    }
    Made made = new Made(name, kind, table);
    if (random.nextBoolean()) {
      rows(sql, made);
    }
    sql.execute("SELECT quicksilver.publish('" + table + "', '" + name + "')");
    databases.add(made);
  }

  private void drop(SqlSession sql) throws SQLException {
    if (!databases.isEmpty()) {
      Made made = databases.remove(random.nextInt(databases.size()));
      sql.execute(
          made.kind == Kind.PLAIN
              ? "SELECT quicksilver.drop_database('" + made.name + "')"
              : "SELECT quicksilver.unpublish('" + made.name + "')");
    }
  }

  private void rename(SqlSession sql) throws SQLException {
    if (!databases.isEmpty()) {
      Made made = databases.get(random.nextInt(databases.size()));
      String to = "renamed_" + ++count;
      sql.execute("ALTER TABLE " + made.table + " RENAME TO " + to);
      String schema = made.table.substring(0, made.table.indexOf('.'));
      made.table = schema + "." + to;
      if (schema.equals("public") && random.nextBoolean()) {
        sql.execute("ALTER TABLE " + made.table + " SET SCHEMA moved");
        made.table = "moved." + to;
      }
    }
  }

  /** Adds and changes some rows of every database. */
  void write(SqlSession sql) throws SQLException {
    for (Made made : databases) {
      rows(sql, made);
    }
  }

  private void rows(SqlSession sql, Made made) throws SQLException {
    int rows = 1 + random.nextInt(300);
    String text = "'" + random.nextInt() + "/' || i";
    String values =
        switch (made.kind) {
          case PLAIN -> "'key ' || i, " + text;
          case SINGLE, PARTITIONED -> "i - 50, " + text;
          case OBJECT -> "'key ' || i, nullif(i % 5, 0), i / 7.0";
        };
    String update = made.kind == Kind.OBJECT ? "b = excluded.b" : "? = excluded.?";
    sql.execute(
        String.format(
            "INSERT INTO %s SELECT %s FROM generate_series(1, %d) i ON CONFLICT (%s) DO UPDATE SET"
                + " %s",
            made.table, values, rows, made.kind.key, update.replace("?", made.kind.value)));
    sql.execute(
        String.format(
            "DELETE FROM %s WHERE %s IN (SELECT %s FROM %s ORDER BY 1 LIMIT %d)",
            made.table, made.kind.key, made.kind.key, made.table, random.nextInt(3)));
  }

  /** What an operator may do to a restored database before all else. */
  void change(SqlSession sql) throws SQLException {
    if (random.nextBoolean()) {
      drop(sql);
    }
    List<Made> published = databases.stream().filter(made -> made.kind != Kind.PLAIN).toList();
    if (!published.isEmpty() && random.nextBoolean()) {
      Made made = published.get(random.nextInt(published.size()));
      sql.execute("SELECT quicksilver.unpublish('" + made.name + "')");
      sql.execute("SELECT quicksilver.publish('" + made.table + "', '" + made.name + "')");
    }
  }

  /** The tables that are nobody's, with all that is in them. */
  String strangers(SqlSession sql) throws SQLException {
    String tables =
        sql.query(
            "SELECT coalesce(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class"
                + " WHERE relname LIKE 'stranger%' AND relkind = 'r'");
    StringBuilder all = new StringBuilder(tables);
    for (String table : tables.isEmpty() ? new String[0] : tables.split(" ")) {
      all.append(' ').append(sql.query("SELECT sum(a) FROM " + table));
    }
    return all.toString();
  }

  /** Compares each table with the edge's copy; returns what was compared. */
  String compare(SqlSession sql, Path edge) throws SQLException {
    long pairs = 0;
    requireEqual("the readers", readers(edge), wantedReaders(sql));
    for (Made made : databases) {
      String found = pairs(edge, made.name).toString();
      String wanted = wanted(sql, made).toString();
      requireEqual("database " + made.name, found, wanted);
      pairs += wanted.chars().filter(c -> c == '=').count();
    }
    return databases.size() + " databases with " + pairs + " pairs are equal at the edge";
  }

  private static void requireEqual(String what, String found, String wanted) {
    if (!found.equals(wanted)) {
      throw new AssertionError(what + ": the edge has " + found + ", the table " + wanted);
    }
  }

  private static String wantedReaders(SqlSession sql) throws SQLException {
    return sql.query(
        "SELECT coalesce(string_agg(format('role:%s={\"verifier\":\"%s\",\"databases\":%s}', role,"
            + " verifier, array_to_json(databases)), ' ' ORDER BY role), '') FROM"
            + " quicksilver.reader");
  }

  private static String readers(Path edge) {
    HexFormat hex = HexFormat.of();
    return pairs(edge, "quicksilver").entrySet().stream()
        .map(pair -> text(hex.parseHex(pair.getKey())) + "=" + text(hex.parseHex(pair.getValue())))
        .filter(pair -> pair.startsWith("role:"))
        .collect(Collectors.joining(" "));
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static TreeMap<String, String> wanted(SqlSession sql, Made made) throws SQLException {
    String key =
        made.kind == Kind.PLAIN || made.kind == Kind.OBJECT
            ? "convert_to(" + made.kind.key + ", 'UTF8')"
            : "quicksilver.key_of(k)";
    String value =
        made.kind == Kind.OBJECT
            ? "convert_to(row_to_json((SELECT x FROM (SELECT a, b) x))::text, 'UTF8')"
            : "convert_to(" + made.kind.value + ", 'UTF8')";
    TreeMap<String, String> pairs = new TreeMap<>();
    String all =
        sql.query(
            String.format(
                "SELECT coalesce(string_agg(encode(%s, 'hex') || '=' || encode(%s, 'hex'), ' '),"
                    + " '') FROM %s",
                key, value, made.table));
    for (String pair : all.isEmpty() ? new String[0] : all.split(" ")) {
      int at = pair.indexOf('=');
      pairs.put(pair.substring(0, at), pair.substring(at + 1));
    }
    return pairs;
  }

  private static TreeMap<String, String> pairs(Path edge, String name) {
    Path environment = new DatabaseDirectory(edge).environment(name).orElseThrow();
    TreeMap<String, String> pairs = new TreeMap<>();
    try (Database database = Database.openReadOnly(environment, StorageOptions.DEFAULT);
        Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (scan.next()) {
        pairs.put(HexFormat.of().formatHex(scan.key()), HexFormat.of().formatHex(scan.value()));
      }
    }
    return pairs;
  }
}

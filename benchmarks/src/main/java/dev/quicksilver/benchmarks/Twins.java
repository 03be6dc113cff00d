package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A bridge as a process of its own, and a PostgreSQL whose database {@code quicksilver} has tables
 * of the same names, columns, types and rows. The user of both is {@code analyst}. Everything is
 * gone after {@link #close()}.
 */
final class Twins implements AutoCloseable {
  private static final String BRIDGE = "bridge";
  private static final String DATA = "data";

  private final Cluster cluster;
  private final EmbeddedPostgres postgres;

  private Twins(Cluster cluster, EmbeddedPostgres postgres) {
    this.cluster = cluster;
    this.postgres = postgres;
  }

  /** Starts both. */
  static Twins start() throws Exception {
    Cluster cluster = Processes.cluster();
    try {
      write(cluster.data(DATA));
      cluster.start(NodeSpec.bridge(BRIDGE, DATA));
      cluster.awaitHealthy(BRIDGE);
      EmbeddedPostgres postgres =
          cluster.embedPostgres(
              how ->
                  how.superuser("quicksilver_evaluator")
                      .setting("timezone", "GMT")
                      .setting("default_transaction_isolation", "repeatable read"));
      var twins = new Twins(cluster, postgres);
      twins.copy();
      return twins;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  private static void write(Path data) {
    try (var databases = DatabaseSet.open(data, StorageOptions.DEFAULT.withoutDurability())) {
      Map<String, String> dns = new TreeMap<>();
      for (int i = 0; i < 300; i++) {
        dns.put("host%06d.example.com.".formatted(i), "192.0.2." + i % 256);
      }
      for (String key :
          List.of("a", "b", "é", "😀", "100%", "quo'te", "back\\slash", "\"quoted\"")) {
        dns.put(key, "value of " + key);
      }
      fill(databases, "dns", "text", dns);
      Map<String, String> pages = new TreeMap<>();
      for (int i = 0; i < 50; i++) {
        pages.put(String.format(Locale.ROOT, "page%02d", i), "{\"n\": " + i + "}");
      }
      fill(databases, "pages", "jsonb", pages);
      fill(databases, "blobs", "bytea", Map.of("one", "\u0001\u0002", "two", "\\x"));
    }
  }

  private static void fill(
      DatabaseSet databases, String name, String valueType, Map<String, String> pairs) {
    Database database =
        databases.create(new DatabaseIdentity(UUID.randomUUID(), name, "text", valueType));
    try (Appender appender = database.append()) {
      long lsn = 100;
      for (Map.Entry<String, String> pair : pairs.entrySet()) {
        appender.begin(lsn, 1_704_067_200_000_000L + lsn * 1_000_000);
        appender.set(
            pair.getKey().getBytes(StandardCharsets.UTF_8),
            pair.getValue().getBytes(StandardCharsets.UTF_8));
        appender.end(new Position(1, 1, lsn + 8));
        lsn += 100;
      }
      appender.commit();
    }
  }

  /** Makes the PostgreSQL what the bridge is. */
  private void copy() throws SQLException {
    try (Connection admin = postgres.connect("template1");
        Statement statement = admin.createStatement()) {
      statement.execute("ALTER DATABASE postgres RENAME TO quicksilver");
      statement.execute("CREATE ROLE analyst LOGIN PASSWORD '" + postgres.password() + "'");
    }
    try (Connection owner = postgres.connect("quicksilver");
        Connection source = direct(bridgePort(), "");
        Statement statement = owner.createStatement();
        Statement reading = source.createStatement()) {
      statement.execute("CREATE SCHEMA quicksilver");
      statement.execute("GRANT USAGE ON SCHEMA quicksilver TO PUBLIC");
      for (String type : List.of("text", "bytea", "jsonb")) {
        statement.execute("CREATE DOMAIN quicksilver.value_" + type + " AS " + type);
      }
      for (Map.Entry<String, String> table : TABLES.entrySet()) {
        statement.execute("CREATE TABLE " + table.getKey() + " (" + table.getValue() + ")");
        statement.execute("GRANT SELECT ON " + table.getKey() + " TO PUBLIC");
        // As at the bridge, where SELECT … FOR UPDATE needs it and a write is refused all the same.
        String firstColumn = table.getValue().substring(0, table.getValue().indexOf(' '));
        statement.execute("GRANT UPDATE (" + firstColumn + ") ON " + table.getKey() + " TO PUBLIC");
        copyRows(table.getKey(), reading, owner);
      }
    }
  }

  private static void copyRows(String table, Statement from, Connection to) throws SQLException {
    var text = new java.io.StringWriter();
    try {
      from.getConnection()
          .unwrap(org.postgresql.PGConnection.class)
          .getCopyAPI()
          .copyOut("COPY " + table + " TO STDOUT", text);
      to.unwrap(org.postgresql.PGConnection.class)
          .getCopyAPI()
          .copyIn("COPY " + table + " FROM STDIN", new java.io.StringReader(text.toString()));
    } catch (IOException e) {
      throw new SQLException(e);
    }
  }

  private static String pairs(String valueType) {
    return "key text COLLATE \"C\" NOT NULL, value quicksilver.value_"
        + valueType
        + " NOT NULL, sequence bigint NOT NULL, updated_at timestamptz NOT NULL";
  }

  private static String log(String valueType) {
    return "sequence bigint NOT NULL, op text COLLATE \"C\" NOT NULL, key text COLLATE \"C\","
        + " value quicksilver.value_"
        + valueType
        + ", commit_time timestamptz NOT NULL, lsn pg_lsn NOT NULL, transaction bigint NOT NULL";
  }

  private static final Map<String, String> TABLES =
      new TreeMap<>(
          Map.of(
              "dns", pairs("text"),
              "dns_log", log("text"),
              "pages", pairs("jsonb"),
              "pages_log", log("jsonb"),
              "blobs", pairs("bytea"),
              "blobs_log", log("bytea"),
              "databases",
                  "name text COLLATE \"C\" NOT NULL, id text COLLATE \"C\" NOT NULL, last_sequence"
                      + " bigint NOT NULL, chain_hash text COLLATE \"C\" NOT NULL, content_digest"
                      + " text COLLATE \"C\" NOT NULL, pairs bigint NOT NULL, system_id bigint NOT"
                      + " NULL, timeline integer NOT NULL, lsn pg_lsn NOT NULL, commit_time"
                      + " timestamptz NOT NULL, diverged text COLLATE \"C\"",
              "replication",
                  "database text COLLATE \"C\" NOT NULL, state text COLLATE \"C\" NOT NULL,"
                      + " upstream text COLLATE \"C\", last_sequence bigint NOT NULL,"
                      + " root_sequence bigint, lag_ms bigint, complete_until timestamptz,"
                      + " problem text COLLATE \"C\""));

  private static Connection direct(int port, String password) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/quicksilver", "analyst", password);
  }

  Connection bridge() throws SQLException {
    return direct(bridgePort(), "");
  }

  Connection postgres() throws SQLException {
    return direct(postgres.port(), postgres.password());
  }

  int bridgePort() {
    return cluster.port(BRIDGE, "bridge");
  }

  int postgresPort() {
    return postgres.port();
  }

  String password() {
    return postgres.password();
  }

  Path folder() {
    return cluster.folder();
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}

package dev.quicksilver.bridge;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * PostgreSQL 18 with stock postgres_fdw, a bridge, and local copies of the same rows in schema
 * {@code copy} beside the foreign tables in schema {@code edge}.
 */
public final class EdgeLab implements AutoCloseable {
  private static final Path ATTACH =
      Path.of("../sql/src/main/resources/dev/quicksilver/sql/R__attach_edge.sql");

  final EmbeddedPostgres postgres;
  final Bridge bridge;
  final Connection sql;

  EdgeLab(Path data) throws IOException, SQLException {
    TestReplica.write(data, "dns", "text", dns());
    TestReplica.write(data, "blobs", "bytea", blobs());
    TestReplica.write(data, "pages", "jsonb", pages());
    bridge = Bridge.start(TestReplica.config(data));
    postgres = EmbeddedPostgres.start();
    sql = DriverManager.getConnection(postgres.jdbcUrl());
    run(Files.readString(ATTACH));
    run("SELECT * FROM quicksilver.attach_edge('edge', '127.0.0.1', " + bridge.port() + ")");
    run("CREATE SCHEMA copy");
    for (String table : List.of("dns:text", "blobs:bytea", "pages:jsonb")) {
      String name = table.substring(0, table.indexOf(':'));
      run(
          "CREATE TABLE copy.%s (key text COLLATE \"C\" PRIMARY KEY, value %s, sequence bigint, updated_at timestamptz)"
              .formatted(name, table.substring(table.indexOf(':') + 1)));
      run("INSERT INTO copy.%s SELECT * FROM edge.%s".formatted(name, name));
      run("ANALYZE copy." + name);
    }
    run("CREATE TABLE mine (name text, weight int)");
    run("INSERT INTO mine SELECT key, sequence FROM copy.dns WHERE sequence % 50 = 0");
  }

  /**
   * Keys with accents, emoji, metacharacters of LIKE, the highest code point, and runs of plain
   * names.
   */
  public static List<Map.Entry<String, byte[]>> dns() {
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      pairs.add(pair("host%06d.example.com.".formatted(i * 7919 % 1000), "192.0.2." + i % 256));
    }
    for (String key :
        List.of(
            "a",
            "b",
            "ab",
            "A",
            "Z",
            "z",
            " ",
            "a b",
            "100%",
            "50_50",
            "back\\slash",
            "quo'te",
            "é",
            "É",
            "ß",
            "日本",
            "😀",
            "😀x",
            "\uffff",
            "\ud83d\udc69\u200d\ud83d\udcbb",
            new String(Character.toChars(0x10ffff)),
            "~",
            "{}",
            "tab\there",
            "\"quoted\"",
            "ÄB",
            "äb",
            "comma,key",
            "NULL",
            "null")) {
      pairs.add(pair(key, "value of " + key));
    }
    return pairs;
  }

  private static List<Map.Entry<String, byte[]>> blobs() {
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      byte[] value = new byte[i % 40];
      for (int j = 0; j < value.length; j++) {
        value[j] = (byte) (i * 31 + j * 17);
      }
      pairs.add(Map.entry("blob" + i, value));
    }
    return pairs;
  }

  private static List<Map.Entry<String, byte[]>> pages() {
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pairs.add(
          pair(
              "host%06d.example.com.".formatted(i),
              "{\"n\": " + i + ", \"title\": \"t" + i + "\"}"));
    }
    return pairs;
  }

  private static Map.Entry<String, byte[]> pair(String key, String value) {
    return Map.entry(key, value.getBytes(StandardCharsets.UTF_8));
  }

  void run(String text) throws SQLException {
    try (Statement statement = sql.createStatement()) {
      statement.execute(text);
    }
  }

  /** Rows as text, columns separated by |. */
  List<String> rows(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = sql.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        var row = new StringBuilder();
        for (int i = 1; i <= columns; i++) {
          row.append(i > 1 ? "|" : "").append(result.getString(i));
        }
        rows.add(row.toString());
      }
    }
    return rows;
  }

  /** The rows or the SQLSTATE of a query; in order only if the query sorts. */
  List<String> outcome(String query) {
    try {
      List<String> rows = rows(query);
      if (!query.contains("ORDER BY")) {
        Collections.sort(rows);
      }
      return rows;
    } catch (SQLException e) {
      return List.of(
          "error "
              + e.getSQLState()
              + (e.getSQLState().equals("0A000") ? " " + e.getMessage() : ""));
    }
  }

  @Override
  public void close() throws SQLException {
    sql.close();
    postgres.close();
    bridge.close();
  }
}

package dev.quicksilver.loader;

import dev.quicksilver.loader.map.Mapping;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The table of a database.
 *
 * @param id of the database
 * @param table its name, quoted
 * @param key the key column's name, quoted
 * @param value the value column's name, quoted
 * @param jsonb whether the value's type is jsonb
 * @param keyCharacters how many a key may have, of a column of type varchar(n)
 */
record Target(
    UUID id,
    String table,
    String key,
    Mapping.Type keyType,
    String value,
    Mapping.Type valueType,
    boolean jsonb,
    int keyCharacters) {
  private static final Map<String, Mapping.Type> KEYS =
      Map.of("text", Mapping.Type.TEXT, "varchar", Mapping.Type.TEXT, "bytea", Mapping.Type.BYTEA);
  private static final Map<String, Mapping.Type> VALUES =
      Map.of(
          "text",
          Mapping.Type.TEXT,
          "bytea",
          Mapping.Type.BYTEA,
          "json",
          Mapping.Type.JSON,
          "jsonb",
          Mapping.Type.JSON);

  private record Column(String name, String type, boolean inKey, int characters, boolean exact) {}

  /**
   * Looks for a database.
   *
   * @throws LoadException if there is none, or its table has other than two columns
   */
  static Target find(Connection connection, String database) throws SQLException, LoadException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT id, \"table\"::text, \"table\"::oid FROM quicksilver.databases WHERE name ="
                + " ?")) {
      query.setString(1, database);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw new LoadException(
              "there is no database \"" + database + "\"; there are: " + names(connection));
        }
        return of(
            row.getObject(1, UUID.class), row.getString(2), columns(connection, row.getLong(3)));
      }
    }
  }

  private static Target of(UUID id, String table, List<Column> columns) throws LoadException {
    List<Column> keys = columns.stream().filter(Column::inKey).toList();
    List<Column> values = columns.stream().filter(column -> !column.inKey()).toList();
    Mapping.Type keyType = keys.size() == 1 ? KEYS.get(keys.getFirst().type()) : null;
    Mapping.Type valueType = values.size() == 1 ? VALUES.get(values.getFirst().type()) : null;
    if (keyType == null || valueType == null) {
      throw new LoadException(
          "table "
              + table
              + " is not one key column (text or bytea) and one value column (text, bytea, json or"
              + " jsonb): COPY loads it, with psql");
    }
    Column key = keys.getFirst();
    if (!key.exact()) {
      throw new LoadException(
          "table "
              + table
              + " has a key whose collation takes different texts for the same: a load could not"
              + " tell which pairs it has written");
    }
    Column value = values.getFirst();
    boolean jsonb = value.type().equals("jsonb");
    return new Target(
        id, table, key.name(), keyType, value.name(), valueType, jsonb, key.characters());
  }

  private static List<Column> columns(Connection connection, long relation) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT quote_ident(a.attname), t.typname, coalesce(a.attnum = ANY (i.indkey), false),
                   CASE WHEN t.typname = 'varchar' AND a.atttypmod > 4 THEN a.atttypmod - 4
                        ELSE 2147483647 END,
                   coalesce(c.collisdeterministic, true)
            FROM pg_attribute a
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_collation c ON c.oid = a.attcollation
            LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
            WHERE a.attrelid = ? AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum
            """)) {
      query.setLong(1, relation);
      List<Column> columns = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          columns.add(
              new Column(
                  row.getString(1),
                  row.getString(2),
                  row.getBoolean(3),
                  row.getInt(4),
                  row.getBoolean(5)));
        }
      }
      return columns;
    }
  }

  private static String names(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT string_agg(name, ', ') FROM quicksilver.databases")) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }
}

package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * A connection to the central PostgreSQL. Whatever it waits for, it gives up after {@link
 * #LONGEST_SECONDS}. For one thread.
 */
final class Server implements AutoCloseable {
  private static final int LONGEST_SECONDS = 5;

  private final Connection connection;

  private Server(Connection connection) {
    this.connection = connection;
  }

  /** Connects as a root does to ask. */
  static Server open(Configuration configuration) throws SQLException {
    return new Server(
        DriverManager.getConnection(
            configuration.get(Settings.POSTGRES_URL), properties(configuration)));
  }

  /** Connects as a root does to read its slot, and asks who is there. */
  static void tryReplication(Configuration configuration) throws SQLException {
    Properties properties = properties(configuration);
    properties.setProperty("replication", "database");
    properties.setProperty("assumeMinServerVersion", "15");
    properties.setProperty("preferQueryMode", "simple");
    try (Connection connection =
            DriverManager.getConnection(configuration.get(Settings.POSTGRES_URL), properties);
        var statement = connection.createStatement();
        ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
      var _ = row.next();
    }
  }

  private static Properties properties(Configuration configuration) {
    Properties properties = new Properties();
    String seconds = Integer.toString(LONGEST_SECONDS);
    properties.setProperty("user", configuration.get(Settings.POSTGRES_USER));
    configuration
        .password(Settings.POSTGRES_PASSWORD, Settings.POSTGRES_PASSWORD_FILE)
        .filter(password -> !password.isEmpty())
        .ifPresent(password -> properties.setProperty("password", password));
    properties.setProperty("ApplicationName", "quicksilver doctor");
    properties.setProperty("loginTimeout", seconds);
    properties.setProperty("connectTimeout", seconds);
    properties.setProperty("socketTimeout", seconds);
    return properties;
  }

  /** Returns the first column of the first row; "" if that is NULL or there is none. */
  String text(String sql, String... parameters) throws SQLException {
    List<List<String>> rows = rows(sql, parameters);
    return rows.isEmpty() ? "" : rows.getFirst().getFirst();
  }

  /** Returns the same of a boolean. */
  boolean is(String condition, String... parameters) throws SQLException {
    return text("SELECT " + condition, parameters).equals("t");
  }

  long number(String sql, String... parameters) throws SQLException {
    String text = text(sql, parameters);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  String setting(String name) throws SQLException {
    return text("SELECT setting FROM pg_settings WHERE name = ?", name);
  }

  /** Returns all rows as texts; NULL is "". */
  List<List<String>> rows(String sql, String... parameters) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      List<List<String>> rows = new ArrayList<>();
      try (ResultSet result = statement.executeQuery()) {
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
          List<String> row = new ArrayList<>();
          for (int i = 1; i <= columns; i++) {
            String text = result.getString(i);
            row.add(text == null ? "" : text);
          }
          rows.add(row);
        }
      }
      return rows;
    }
  }

  /** Returns the role that this is connected as, as it is written in SQL. */
  String role() throws SQLException {
    return text("SELECT quote_ident(current_user)");
  }

  /** Whether the migrations have been run in this database. It needs no right to say so. */
  boolean hasSchema() throws SQLException {
    return is(
        "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
            + " n.nspname = 'quicksilver' AND c.relname = 'cluster')");
  }

  /** Whether they have been, and this role may do there what a root does. */
  boolean ownsSchema() throws SQLException {
    return hasSchema()
        && is("pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'quicksilver'");
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}

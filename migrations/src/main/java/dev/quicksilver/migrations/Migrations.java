package dev.quicksilver.migrations;

import dev.quicksilver.migrations.MigrationException.Code;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.output.MigrateResult;

/** Runs the migrations. Stateless and thread-safe. */
public final class Migrations {
  /** The schema that holds everything of ours, Flyway's history included. */
  public static final String SCHEMA = "quicksilver";

  private static final int OLDEST_SERVER = 150000;

  private Migrations() {}

  /**
   * What a run did.
   *
   * @param applied how many versioned and repeatable migrations ran, 0 if all was there already
   */
  public record Result(int applied) {}

  /**
   * Brings the schema to this program's version.
   *
   * @param url a {@code jdbc:postgresql:} URL; may hold user and password itself
   * @param user a role that may create a schema and a publication; empty to take it from the URL
   * @param password empty to take it from the URL, or if none is needed
   * @throws MigrationException if the server cannot be used or a migration fails (nothing of that
   *     migration stays)
   */
  public static Result migrate(String url, String user, String password) {
    check(url, user, password);
    try {
      MigrateResult result =
          Flyway.configure()
              .dataSource(url, user.isEmpty() ? null : user, password.isEmpty() ? null : password)
              .schemas(SCHEMA)
              .defaultSchema(SCHEMA)
              .createSchemas(true)
              // In the synchronous mode a commit waits for the root, which starts with this. And
              // that something is there already is no news.
              .initSql("SET synchronous_commit = local; SET client_min_messages = warning")
              .locations("classpath:dev/quicksilver/migrations", "classpath:dev/quicksilver/sql")
              .cleanDisabled(true)
              // Rights were a repeatable migration once; now they are put right each time.
              .ignoreMigrationPatterns("repeatable:missing")
              .load()
              .migrate();
      return new Result(result.migrationsExecuted);
    } catch (FlywayException e) {
      String cause = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
      throw new MigrationException(
          Code.MIGRATION_FAILED, "cannot migrate the schema " + SCHEMA + ": " + cause, e);
    }
  }

  private static void check(String url, String user, String password) {
    Properties properties = new Properties();
    if (!user.isEmpty()) {
      properties.setProperty("user", user);
    }
    if (!password.isEmpty()) {
      properties.setProperty("password", password);
    }
    try (Connection connection = DriverManager.getConnection(url, properties);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT current_setting('server_version_num')::int,"
                    + " current_setting('server_version'),"
                    + " current_setting('server_encoding'), current_database(),"
                    + " NOT pg_is_in_recovery() AND"
                    + " current_setting('transaction_read_only')::boolean,"
                    + " quote_ident(current_user), quote_ident(current_database()),"
                    + " (to_regnamespace('quicksilver') IS NULL OR NOT EXISTS (SELECT FROM"
                    + " pg_publication WHERE pubname = 'quicksilver')) AND NOT"
                    + " has_database_privilege(current_database(), 'CREATE')")) {
      row.next();
      if (row.getInt(1) < OLDEST_SERVER) {
        throw new MigrationException(
            Code.SERVER_TOO_OLD,
            "PostgreSQL " + row.getString(2) + " is too old; use version 15 or newer",
            null);
      }
      if (!row.getString(3).equals("UTF8")) {
        throw new MigrationException(
            Code.WRONG_ENCODING,
            "database \""
                + row.getString(4)
                + "\" is encoded in "
                + row.getString(3)
                + ", keys and values would not be UTF-8; use one made with"
                + " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
            null);
      }
      if (row.getBoolean(5)) {
        throw new MigrationException(
            Code.READ_ONLY,
            "default_transaction_read_only is on for role "
                + row.getString(6)
                + ", so nothing can be written; run ALTER ROLE "
                + row.getString(6)
                + " SET default_transaction_read_only = off, or switch it off where it is on (ALTER"
                + " DATABASE, ALTER SYSTEM)",
            null);
      }
      if (row.getBoolean(8)) {
        throw new MigrationException(
            Code.MISSING_RIGHT,
            "role "
                + row.getString(6)
                + " may not create the schema and the publication quicksilver in database "
                + row.getString(7)
                + "; as its owner or a superuser run GRANT CREATE ON DATABASE "
                + row.getString(7)
                + " TO "
                + row.getString(6),
            null);
      }
    } catch (SQLException e) {
      String cause = String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", "; ");
      throw new MigrationException(
          Code.CANNOT_CONNECT, "cannot connect to the central PostgreSQL: " + cause, e);
    }
  }
}

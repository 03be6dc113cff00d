package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.command.Table;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.postgresql.PGConnection;

/** The SQL of the demo, on the central PostgreSQL. Not thread-safe. */
final class DemoSql {
  static final List<String> DATABASES = List.of("certificates", "dns");

  /** The last change of each database: who sees it sees everything before it. */
  static final String LAST_KEY = "~last";

  private final Connection connection;

  DemoSql(Connection connection) {
    this.connection = connection;
  }

  void createDatabases() throws SQLException {
    for (String database : DATABASES) {
      execute("SELECT quicksilver.create_database('" + database + "')");
    }
  }

  /** Inserts all certificates in one transaction; returns how many. */
  int insertCertificates(Map<String, String> certificates) throws SQLException {
    connection.setAutoCommit(false);
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO certificates (key, value) VALUES (?, ?)")) {
      for (Map.Entry<String, String> certificate : certificates.entrySet()) {
        insert.setString(1, certificate.getKey());
        insert.setString(2, certificate.getValue());
        insert.addBatch();
      }
      insert.executeBatch();
      connection.commit();
      return certificates.size();
    } finally {
      connection.setAutoCommit(true);
    }
  }

  /** Copies the DNS records; returns how many. */
  long copyDnsRecords() throws SQLException, IOException {
    return connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn("COPY dns (key, value) FROM STDIN", new StringReader(DnsRecords.copyText()));
  }

  /** Updates and deletes in three transactions; returns how many rows. */
  int change() throws SQLException {
    int rows = 0;
    rows +=
        transaction(
            "UPDATE dns SET value = replace(value, '192.0.2.', '198.51.100.')"
                + " WHERE key LIKE 'www.customer-1%'",
            "DELETE FROM dns WHERE key LIKE 'cdn.customer-9%'");
    rows +=
        transaction(
            "UPDATE dns SET key = 'new-' || key WHERE key LIKE 'api.customer-7%'",
            "INSERT INTO dns VALUES ('" + LAST_KEY + "', '0 the last change')");
    rows +=
        transaction(
            "UPDATE certificates SET value = (value::jsonb || '{\"reviewed\": true}')::text"
                + " WHERE value::jsonb ->> 'subject' LIKE '%R%'",
            "DELETE FROM certificates WHERE key IN"
                + " (SELECT key FROM certificates ORDER BY value::jsonb ->> 'not_after' LIMIT 3)",
            "INSERT INTO certificates VALUES ('" + LAST_KEY + "', '{}')");
    return rows;
  }

  private int transaction(String... statements) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      int rows = 0;
      for (String sql : statements) {
        rows += statement.executeUpdate(sql);
      }
      connection.commit();
      return rows;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  void attach(String edge, String host, int port, String user, String password)
      throws SQLException {
    try (PreparedStatement attach =
        connection.prepareStatement("SELECT quicksilver.attach_edge(?, ?, ?, ?, ?)")) {
      attach.setString(1, edge);
      attach.setString(2, host);
      attach.setInt(3, port);
      attach.setString(4, user);
      attach.setString(5, password);
      attach.execute();
    }
  }

  /** One comparison of an edge's foreign table with the source. */
  record Comparison(String edge, String database, long source, long here, long less, long more) {
    boolean equal() {
      return less == 0 && more == 0 && source == here;
    }
  }

  /** Compares in SQL: EXCEPT both ways, and the counts. */
  Comparison compare(String edge, String database) throws SQLException {
    String source =
        "SELECT key COLLATE \"C\" AS key, value COLLATE \"C\" AS value FROM public." + database;
    String foreign =
        "SELECT key COLLATE \"C\" AS key, value COLLATE \"C\" AS value FROM "
            + edge
            + "."
            + database;
    String sql =
        "SELECT (SELECT count(*) FROM public."
            + database
            + "), (SELECT count(*) FROM "
            + edge
            + "."
            + database
            + "), (SELECT count(*) FROM ("
            + source
            + " EXCEPT "
            + foreign
            + ") AS missing), (SELECT count(*) FROM ("
            + foreign
            + " EXCEPT "
            + source
            + ") AS surplus)";
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return new Comparison(
          edge, database, row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
    }
  }

  /** Returns which certificates expire next, asked of an edge's foreign table. */
  Table expiringNext(String edge) throws SQLException {
    String sql =
        "SELECT left(value::jsonb ->> 'not_after', 10), ((value::jsonb ->> 'not_after')::date"
            + " - current_date) || ' days', left(value::jsonb ->> 'subject', 60) FROM "
            + edge
            + ".certificates WHERE (value::jsonb ->> 'not_after')::timestamptz > now()"
            + " ORDER BY (value::jsonb ->> 'not_after')::timestamptz LIMIT 5";
    Table table = new Table("  not after", ">in", "subject");
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        table.row("  " + row.getString(1), row.getString(2), row.getString(3));
      }
    }
    return table;
  }

  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}

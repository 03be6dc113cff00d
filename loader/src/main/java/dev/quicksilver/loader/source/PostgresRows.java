package dev.quicksilver.loader.source;

import dev.quicksilver.loader.write.TsvText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * The rows of a table or a query of any PostgreSQL, in one transaction that only reads. They come
 * by COPY, which PostgreSQL sends as fast as they are read, and so take no memory on either side.
 *
 * @param server what messages call the server, and what tells it from others; without a password
 * @param url for the driver
 * @param login user and password, as far as the URL does not say them
 * @param what a table's name as SQL has it, or a query
 * @param isQuery which of both
 */
public record PostgresRows(
    String server, String url, Properties login, String what, boolean isQuery) implements Source {
  @Override
  public String name() {
    return server + (isQuery ? ", query" : ", table " + what);
  }

  @Override
  public String identity() {
    return server + (isQuery ? "?" : "#") + what;
  }

  @Override
  public long size() {
    return -1;
  }

  @Override
  public InputStream open() throws IOException {
    Connection connection = null;
    try {
      connection = DriverManager.getConnection(url, login);
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      return new Rows(connection, isQuery ? withoutEnd(what) : table(connection));
    } catch (SQLException e) {
      close(connection);
      throw failed(e);
    }
  }

  /** A semicolon at the end is for psql. */
  private static String withoutEnd(String query) {
    return query.strip().replaceFirst("(\\s*;)+$", "");
  }

  /** All rows, in the order of the primary key, so that a load can go on. */
  private String table(Connection connection) throws SQLException {
    String sql =
        """
        SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
        FROM pg_index i
        CROSS JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE i.indrelid = ?::regclass AND i.indisprimary
        """;
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, what);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        String key = row.getString(1);
        return "SELECT * FROM " + what + (key == null ? "" : " ORDER BY " + key);
      }
    }
  }

  private static IOException failed(SQLException e) {
    return new IOException("PostgreSQL says: " + e.getMessage(), e);
  }

  private static void close(@Nullable Connection connection) throws IOException {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private static final class Rows extends RowsStream {
    private static final byte[] NULL = {'\\', 'N'};

    private final Connection connection;
    private final BitSet bytea = new BitSet();
    private final CopyOut copy;

    Rows(Connection connection, String query) throws SQLException {
      this.connection = connection;
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET LOCAL bytea_output = hex");
      }
      // A line comment at the end of the query shall not swallow what follows it.
      describe(query);
      copy =
          connection
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyOut("COPY (" + query + "\n) TO STDOUT");
    }

    /** Names the columns, and finds those of bytes, whose hexadecimal digits are no text. */
    private void describe(String query) throws SQLException {
      List<String> names = new ArrayList<>();
      try (Statement statement = connection.createStatement()) {
        statement.setEscapeProcessing(false);
        ResultSetMetaData columns =
            statement
                .executeQuery("SELECT * FROM (" + query + "\n) AS quicksilver_rows LIMIT 0")
                .getMetaData();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
          names.add(columns.getColumnLabel(i));
          bytea.set(i - 1, columns.getColumnTypeName(i).equals("bytea"));
        }
      }
      try {
        for (int i = 0; i < names.size(); i++) {
          byte[] name = names.get(i).getBytes(StandardCharsets.UTF_8);
          first().write(i == 0 ? new byte[0] : new byte[] {'\t'});
          TsvText.column(first(), true, name, 0, name.length);
        }
        first().write('\n');
      } catch (IOException e) {
        throw new AssertionError(e); // it writes to memory
      }
    }

    @Override
    boolean next(ByteArrayOutputStream to) throws IOException {
      byte[] row;
      try {
        row = copy.readFromCopy();
      } catch (SQLException e) {
        throw failed(e);
      }
      if (row == null) {
        return false;
      }
      if (bytea.isEmpty()) {
        to.writeBytes(row);
      } else {
        columns(row, to);
      }
      return true;
    }

    private void columns(byte[] row, ByteArrayOutputStream to) throws IOException {
      int column = 0;
      int from = 0;
      for (int at = 0; at < row.length; at++) {
        if (row[at] == '\t' || row[at] == '\n') {
          boolean isNull = Arrays.equals(row, from, at, NULL, 0, NULL.length);
          if (bytea.get(column) && !isNull) {
            byte[] content = bytes(row, from, at);
            TsvText.column(to, false, content, 0, content.length);
          } else {
            to.write(row, from, at - from);
          }
          to.write(row[at]);
          from = at + 1;
          column++;
        }
      }
    }

    /** Reads {@code \\x} and hexadecimal digits. */
    private static byte[] bytes(byte[] row, int from, int to) throws IOException {
      String text = new String(row, from, to - from, StandardCharsets.US_ASCII);
      if (!text.startsWith("\\\\x")) {
        throw new IOException("PostgreSQL sends bytea otherwise than in hexadecimal digits");
      }
      return HexFormat.of().parseHex(text, 3, text.length());
    }

    @Override
    public void close() throws IOException {
      PostgresRows.close(connection);
    }
  }
}

package dev.quicksilver.loader.source;

import dev.quicksilver.loader.read.Scan;
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
      return new Rows(this, connection, isQuery ? withoutEnd(what) : table(connection));
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
        SELECT t.name::text, string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
        FROM (SELECT ?::regclass AS name) t
        LEFT JOIN pg_index i ON i.indrelid = t.name AND i.indisprimary
        LEFT JOIN unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) ON true
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        GROUP BY t.name
        """;
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, what);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        String key = row.getString(2);
        return "SELECT * FROM " + row.getString(1) + (key == null ? "" : " ORDER BY " + key);
      }
    }
  }

  /** The driver may name the URL, with its password. */
  private IOException failed(SQLException e) {
    return new IOException(
        "PostgreSQL says: " + String.valueOf(e.getMessage()).replace(url, server));
  }

  private void close(@Nullable Connection connection) throws IOException {
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
    private static final byte[] HEX = {'\\', '\\', 'x'};

    private static final byte TAB = '\t';
    private static final byte NEWLINE = '\n';

    /** Even, since each byte has two digits. */
    private static final int PIECE = 1 << 15;

    private final PostgresRows source;
    private final Connection connection;
    private final BitSet bytea = new BitSet();
    private final CopyOut copy;

    /** The row that is being written, how far, and where its column ends. */
    private byte @Nullable [] row;

    private int at;
    private int column;
    private int columnEnd;
    private boolean inHex;

    Rows(PostgresRows source, Connection connection, String query) throws SQLException {
      this.source = source;
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
    boolean more(ByteArrayOutputStream to) throws IOException {
      byte[] content = row;
      if (content == null) {
        content = next();
        row = content;
        at = 0;
        column = -1;
        columnEnd = -1;
      }
      if (content == null) {
        return false;
      }
      if (at > columnEnd) {
        beginColumn(content);
      }
      int length = Math.min(PIECE, columnEnd - at);
      if (inHex) {
        byte[] bytes = new byte[length / 2];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] =
              (byte)
                  (HexFormat.fromHexDigit(content[at + 2 * i]) << 4
                      | HexFormat.fromHexDigit(content[at + 2 * i + 1]));
        }
        TsvText.column(to, false, bytes, 0, bytes.length);
      } else {
        to.write(content, at, length);
      }
      at += length;
      if (at == columnEnd) {
        to.write(content[at++]); // a tab, or the line's end
        row = at == content.length ? null : content;
      }
      return true;
    }

    private byte @Nullable [] next() throws IOException {
      try {
        return copy.readFromCopy();
      } catch (SQLException e) {
        throw source.failed(e);
      }
    }

    private void beginColumn(byte[] content) throws IOException {
      column++;
      columnEnd = Scan.indexOfAny(content, at, content.length, TAB, NEWLINE, NEWLINE);
      inHex = bytea.get(column) && !Arrays.equals(content, at, columnEnd, NULL, 0, NULL.length);
      if (inHex) {
        if (!Arrays.equals(content, at, Math.min(at + 3, columnEnd), HEX, 0, HEX.length)) {
          throw new IOException("PostgreSQL sends bytea otherwise than in hexadecimal digits");
        }
        at += HEX.length;
      }
    }

    @Override
    public void close() throws IOException {
      source.close(connection);
    }
  }
}

package dev.quicksilver.gateway.start;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.sequence.CatalogEntry;
import dev.quicksilver.gateway.sequence.Projection;
import dev.quicksilver.gateway.sequence.Projection.Field;
import dev.quicksilver.gateway.sequence.ReaderEntry;
import dev.quicksilver.gateway.sequence.TableMapping;
import dev.quicksilver.gateway.wal.PgOutputMessage.Column;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.copy.PGCopyInputStream;

/**
 * The central database as the snapshot that a slot was made with shows it: all that was committed
 * before the slot begins, and nothing else. For one thread, but for {@link #close()}.
 */
final class CentralSnapshot implements AutoCloseable {
  /** "PGCOPY" and the rest of the signature, flags, and the length of an extension that is none. */
  private static final int COPY_HEADER = 19;

  private final Connection connection;

  private CentralSnapshot(Connection connection) {
    this.connection = connection;
  }

  /** Opens the snapshot of this name; whoever exported it must not have gone on yet. */
  static CentralSnapshot open(GatewayConfig config, String name) throws SQLException {
    Properties properties = ReplicationConnection.credentials(config);
    // No timeout: a large table is sorted before its first row comes.
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    ReplicationConnection.toPrimary(properties);
    CentralSnapshot snapshot =
        new CentralSnapshot(DriverManager.getConnection(config.jdbcUrl(), properties));
    try {
      snapshot.connection.setAutoCommit(false);
      snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      snapshot.execute("SET TRANSACTION SNAPSHOT '" + name.replace("'", "''") + "'");
      // A policy must not hide rows: it is an error instead.
      snapshot.execute("SET LOCAL row_security = off");
      snapshot.execute("SET LOCAL statement_timeout = 0");
      snapshot.execute("SET LOCAL idle_in_transaction_session_timeout = 0");
      return snapshot;
    } catch (SQLException | RuntimeException e) {
      snapshot.close();
      throw e;
    }
  }

  /**
   * A database and its table.
   *
   * @param table the OID of the table; empty if it is gone
   */
  record Source(CatalogEntry entry, OptionalInt table) {}

  /**
   * The catalog.
   *
   * @throws GatewayException TABLE_CHANGED if a table was renamed or replaced unnoticed
   */
  List<Source> catalog() throws SQLException {
    List<Source> sources = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT name, id::text, key_type, value_type, table_schema || '.' || table_name,"
                    + " recorded::bigint, relation::bigint, projection::text, state FROM"
                    + " quicksilver.catalog_table ORDER BY name")) {
      while (row.next()) {
        CatalogEntry entry =
            new CatalogEntry(
                new DatabaseIdentity(
                    UUID.fromString(row.getString(2)),
                    row.getString(1),
                    row.getString(3),
                    row.getString(4)),
                row.getString(5),
                (int) row.getLong(6),
                Optional.ofNullable(row.getString(8)).map(Projection::of));
        String state = row.getString(9);
        if (!state.equals("there") && !state.equals("gone")) {
          throw new GatewayException(
              ErrorCode.TABLE_CHANGED,
              "table "
                  + entry.table()
                  + " of database "
                  + entry.identity().name()
                  + " is not the one that it was made of (it is \""
                  + state
                  + "\"); SELECT * FROM quicksilver.problems() says what helps");
        }
        long table = row.getLong(7);
        sources.add(
            new Source(entry, row.wasNull() ? OptionalInt.empty() : OptionalInt.of((int) table)));
      }
    }
    return sources;
  }

  /** Who may read at the edges. */
  List<ReaderEntry> readers() throws SQLException {
    List<ReaderEntry> readers = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT role, verifier, databases FROM quicksilver.reader ORDER BY role")) {
      while (row.next()) {
        readers.add(
            ReaderEntry.of(
                row.getString(1),
                Optional.ofNullable(row.getString(2)),
                List.of((String[]) row.getArray(3).getArray())));
      }
    }
    return readers;
  }

  /** When the snapshot was opened by PostgreSQL's clock, µs since 1970-01-01 UTC. */
  long time() throws SQLException {
    return Long.parseLong(text("SELECT (extract(epoch FROM now()) * 1000000)::bigint"));
  }

  /** Takes a row's key and value. */
  interface Rows {
    void row(byte[] key, byte[] value);
  }

  /**
   * Reads a table's rows as its database has them, sorted by key.
   *
   * @throws GatewayException ACCESS_DENIED, or TABLE_CHANGED if the table is not as published
   * @throws SQLTransientException if the table was rewritten since the snapshot, which then does
   *     not show its rows; take a new one
   */
  void read(CatalogEntry entry, int table, Rows into) throws SQLException, IOException {
    String oid = Integer.toUnsignedString(table);
    String name =
        text(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON"
                + " n.oid = c.relnamespace WHERE c.oid = "
                + oid);
    if (!text("SELECT has_table_privilege(" + oid + "::oid, 'SELECT')").equals("t")) {
      throw new GatewayException(
          ErrorCode.ACCESS_DENIED,
          "the root may not read table "
              + name
              + " of database "
              + entry.identity().name()
              + ", whose rows the new cluster begins with; run "
              + text("SELECT format('GRANT SELECT ON %s TO %I', '" + name + "', current_user)"));
    }
    execute("LOCK TABLE " + name + " IN ACCESS SHARE MODE");
    String rewritten =
        text(
            "SELECT count(*) FROM quicksilver.partition_tree("
                + oid
                + ") t JOIN pg_class c ON c.oid = t.relid WHERE c.relfilenode IS DISTINCT FROM"
                + " coalesce(pg_relation_filenode(c.oid), 0)");
    if (!rewritten.equals("0")) {
      throw new SQLTransientException(
          "table " + name + " was truncated or rewritten while it was about to be copied");
    }
    Relation relation = relation(entry, table);
    TableMapping mapping = TableMapping.of(entry, relation);
    List<Field> keys = mapping.projection().key();
    String copy =
        "COPY (SELECT "
            + Stream.concat(keys.stream(), mapping.projection().value().stream())
                .map(field -> quoted(field.name()))
                .collect(Collectors.joining(", "))
            + " FROM "
            + name
            + " ORDER BY "
            + keys.stream().map(CentralSnapshot::sorted).collect(Collectors.joining(", "))
            + ") TO STDOUT (FORMAT binary)";
    PGConnection postgres = connection.unwrap(PGConnection.class);
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(new PGCopyInputStream(postgres, copy)))) {
      in.skipNBytes(COPY_HEADER);
      for (Tuple row = tuple(in); row.size() > 0; row = tuple(in)) {
        into.row(mapping.key(row, null), mapping.value(row, null));
      }
    }
  }

  /** The table's columns that the database is made of, in the order in which they are copied. */
  private Relation relation(CatalogEntry entry, int table) throws SQLException {
    Projection projection = TableMapping.projection(entry);
    List<Column> columns = new ArrayList<>();
    for (Field field : projection.key()) {
      columns.add(new Column(field.name(), true, type(table, field)));
    }
    for (Field field : projection.value()) {
      columns.add(new Column(field.name(), false, type(table, field)));
    }
    int dot = entry.table().indexOf('.');
    return new Relation(
        table,
        entry.table().substring(0, dot),
        entry.table().substring(dot + 1),
        false,
        List.copyOf(columns));
  }

  /** What a column's type is now; 0, which is none, if there is no such column. */
  private int type(int table, Field field) throws SQLException {
    return (int)
        Long.parseLong(
            text(
                "SELECT coalesce(max(atttypid::bigint), 0) FROM pg_attribute WHERE attrelid = "
                    + Integer.toUnsignedString(table)
                    + " AND attnum > 0 AND NOT attisdropped AND attname = '"
                    + field.name().replace("'", "''")
                    + "'"));
  }

  /** The bytes' order, as far as it matters to be near the tree's. */
  private static String sorted(Field field) {
    return switch (field.type()) {
      case TEXT, VARCHAR -> quoted(field.name()) + " COLLATE \"C\"";
      default -> quoted(field.name());
    };
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** One row of COPY's binary format; a tuple without columns at the end. */
  private static Tuple tuple(DataInputStream in) throws IOException {
    int count = Math.max(0, in.readShort());
    int[] offsets = new int[count];
    int[] lengths = new int[count];
    byte[][] values = new byte[count][];
    int size = 0;
    for (int i = 0; i < count; i++) {
      int length = in.readInt();
      offsets[i] = size;
      lengths[i] = length < 0 ? Tuple.NULL : length;
      values[i] = in.readNBytes(Math.max(0, length));
      size += values[i].length;
    }
    byte[] bytes = new byte[size];
    for (int i = 0; i < count; i++) {
      System.arraycopy(values[i], 0, bytes, offsets[i], values[i].length);
    }
    return new Tuple(bytes, offsets, lengths);
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private String text(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  /** Closes the socket, also under a thread that reads; from any thread. */
  @Override
  public void close() {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      // It is gone, which is what was wanted.
    }
  }
}

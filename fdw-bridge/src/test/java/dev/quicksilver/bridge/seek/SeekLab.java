package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.TestReplica;
import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.sql.Parser;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A replica and a PostgreSQL with the same rows in plain tables of schema public. */
final class SeekLab implements AutoCloseable {
  static final Scope SCOPE = new Scope(ZoneId.of("Europe/Lisbon"), true);

  private final EmbeddedPostgres postgres = EmbeddedPostgres.start();
  private final Replica replica;
  final ReplicaView view;
  final Connection sql;

  SeekLab(Path data) throws SQLException {
    sql = DriverManager.getConnection(postgres.jdbcUrl() + "&preferQueryMode=simple");
    run("SET timezone = 'Europe/Lisbon'");
    sql.setAutoCommit(false);
    var rows = new SeekData(data, sql);
    rows.make("dns", "text", "text", SeekData.names());
    rows.make("blobs", "bytea", "bytea", SeekData.blobs());
    rows.make("pages", "text", "jsonb", SeekData.pages());
    rows.make("zones", "text", "text", SeekData.few(0));
    rows.make("hosts", "text", "text", SeekData.few(3));
    sql.commit();
    sql.setAutoCommit(true);
    replica = new Replica(data, TestReplica.OPTIONS);
    view = replica.view(Rights.ALL, ReplicaView.Judge.NONE);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  void run(String text) throws SQLException {
    run(sql, text);
  }

  static void run(Connection sql, String text) throws SQLException {
    try (java.sql.Statement statement = sql.createStatement()) {
      statement.execute(text);
    }
  }

  /** PostgreSQL's rows, columns separated by |. */
  List<String> expected(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (java.sql.Statement statement = sql.createStatement();
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

  /** Name and type of PostgreSQL's columns. */
  List<String> columns(String query) throws SQLException {
    List<String> columns = new ArrayList<>();
    try (java.sql.Statement statement = sql.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      var description = result.getMetaData();
      for (int i = 1; i <= description.getColumnCount(); i++) {
        columns.add(description.getColumnLabel(i) + " " + description.getColumnTypeName(i));
      }
    }
    return columns;
  }

  /** The query in a text; empty if the parser refuses it. */
  static Optional<Select> select(String text) {
    try {
      return Parser.parse(text) instanceof Statement.Query query
          ? Optional.of(query.select())
          : Optional.empty();
    } catch (PgException e) {
      return Optional.empty();
    }
  }

  Optional<Seek> plan(String text, Argument... arguments) {
    return select(text).flatMap(select -> Seek.plan(select, view, List.of(arguments), SCOPE));
  }

  /** A seek's rows in text format, as {@link #expected} gives them. */
  static List<String> rows(Seek seek) {
    List<String> rows = new ArrayList<>();
    for (List<byte @Nullable []> fields : fields(seek, false)) {
      var row = new StringBuilder();
      for (int i = 0; i < fields.size(); i++) {
        byte[] field = fields.get(i);
        row.append(i > 0 ? "|" : "")
            .append(field == null ? "null" : new String(field, StandardCharsets.UTF_8));
      }
      rows.add(row.toString());
    }
    return rows;
  }

  /** A seek's fields as they go over the wire. */
  static List<List<byte @Nullable []>> fields(Seek seek, boolean binary) {
    boolean[] formats = new boolean[seek.names().size()];
    java.util.Arrays.fill(formats, binary);
    List<List<byte @Nullable []>> rows = new ArrayList<>();
    var out = new ByteArrayOutputStream();
    var writer = new MessageWriter(out);
    try (Rows source = seek.open(() -> {})) {
      while (source.next()) {
        source.write(writer, formats);
        writer.flush();
        ByteBuffer in = ByteBuffer.wrap(out.toByteArray());
        out.reset();
        List<byte @Nullable []> fields = new ArrayList<>();
        while (in.hasRemaining()) {
          int length = in.getInt();
          byte[] field = length < 0 ? null : new byte[length];
          if (field != null) {
            in.get(field);
          }
          fields.add(field);
        }
        rows.add(fields);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return rows;
  }

  @Override
  public void close() throws SQLException {
    view.close();
    replica.close();
    sql.close();
    postgres.close();
  }
}

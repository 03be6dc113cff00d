package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.EdgeLab;
import dev.quicksilver.bridge.TestReplica;
import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.sql.Parser;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.DatabaseIdentity;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Position;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A replica and a PostgreSQL with the same rows in plain tables of schema public. */
final class SeekLab implements AutoCloseable {
  static final Scope SCOPE = new Scope(ZoneId.of("Europe/Lisbon"), true);

  private final Path data;
  private final EmbeddedPostgres postgres = EmbeddedPostgres.start();
  private final Replica replica;
  final ReplicaView view;
  final Connection sql;

  SeekLab(Path data) throws SQLException {
    this.data = data;
    sql = DriverManager.getConnection(postgres.jdbcUrl() + "&preferQueryMode=simple");
    run("SET timezone = 'Europe/Lisbon'");
    sql.setAutoCommit(false);
    make("dns", "text", "text", names());
    make("blobs", "bytea", "bytea", blobs());
    make("pages", "text", "jsonb", pages());
    make("zones", "text", "text", few(0));
    make("hosts", "text", "text", few(3));
    sql.commit();
    sql.setAutoCommit(true);
    replica = new Replica(data, TestReplica.OPTIONS);
    view = replica.view();
  }

  private static List<Map.Entry<byte[], byte[]>> names() {
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    EdgeLab.dns().forEach(pair -> pairs.add(Map.entry(utf8(pair.getKey()), pair.getValue())));
    String longest = "k".repeat(511);
    for (String key :
        List.of(
            longest,
            longest.substring(1) + "l",
            longest.substring(1),
            "é".repeat(255),
            "%",
            "_",
            "\\",
            "\\\\",
            "a%b",
            "a_b",
            "a\\b",
            "aXb",
            "\u0001",
            "\u007f")) {
      pairs.add(Map.entry(utf8(key), utf8("value of " + key)));
    }
    return pairs;
  }

  private static List<Map.Entry<byte[], byte[]>> blobs() {
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      byte[] key = new byte[1 + i % 5];
      for (int j = 0; j < key.length; j++) {
        key[j] = (byte) (i * 37 + j * 101);
      }
      pairs.add(Map.entry(key, new byte[] {(byte) i, 0, (byte) 0xff}));
    }
    return pairs;
  }

  private static List<Map.Entry<byte[], byte[]>> pages() {
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pairs.add(Map.entry(utf8("host%06d".formatted(i)), utf8("{\"n\": " + i + "}")));
    }
    return pairs;
  }

  /** Some short keys, of which two tables share a part. */
  private static List<Map.Entry<byte[], byte[]>> few(int from) {
    List<String> keys =
        List.of("a", "ab", "abc", "b", "b.c", "B", "c", "é", "éa", "a_b", "a%", "x", "xy", "100%");
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    for (String key : keys.subList(from, keys.size() - 3 + from)) {
      pairs.add(Map.entry(utf8(key), utf8(key.length() + " of " + key)));
    }
    return pairs;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** One row of a log. */
  private record Entry(
      long sequence,
      String op,
      byte @Nullable [] key,
      byte @Nullable [] value,
      long time,
      long lsn,
      long transaction) {}

  /**
   * Writes some pairs, clears them, writes all in transactions of one to ten entries, deletes each
   * seventeenth and writes each thirteenth again; the same rows go into PostgreSQL.
   */
  private void make(
      String name, String keyType, String valueType, List<Map.Entry<byte[], byte[]>> pairs)
      throws SQLException {
    List<Entry> log = new ArrayList<>();
    try (var databases = DatabaseSet.open(data, TestReplica.OPTIONS);
        Appender appender =
            databases
                .create(new DatabaseIdentity(UUID.randomUUID(), name, keyType, valueType))
                .append()) {
      var writer = new Writer(appender, log);
      pairs.stream().limit(25).forEach(pair -> writer.set(pair.getKey(), pair.getValue()));
      writer.clear();
      pairs.forEach(pair -> writer.set(pair.getKey(), pair.getValue()));
      for (int i = 0; i < pairs.size(); i += 17) {
        writer.delete(pairs.get(i).getKey());
      }
      for (int i = 0; i < pairs.size(); i += 13) {
        writer.set(pairs.get(i).getKey(), pairs.get(i).getValue());
      }
      writer.finish();
      appender.commit();
    }
    String key = keyType.equals("text") ? "text COLLATE \"C\"" : "bytea";
    run(
        "CREATE TABLE %s (key %s PRIMARY KEY, value %s, sequence bigint, updated_at timestamptz)"
            .formatted(name, key, valueType));
    run(
        ("CREATE TABLE %s_log (sequence bigint, op text COLLATE \"C\", key %s, value %s,"
                + " commit_time timestamptz, lsn pg_lsn, transaction bigint)")
            .formatted(name, key, valueType));
    insert(name, keyType, valueType, log);
  }

  /** Writes entries in transactions whose commit times are not monotonic. */
  private static final class Writer {
    private final Appender appender;
    private final List<Entry> log;
    private long lsn = 0x1_0000_0000L;
    private long time;
    private long transaction;
    private int left;

    Writer(Appender appender, List<Entry> log) {
      this.appender = appender;
      this.log = log;
    }

    private void entry(String op, byte @Nullable [] key, byte @Nullable [] value) {
      long sequence = log.size() + 1;
      if (left == 0) {
        left = 1 + (int) (sequence * 7 % 10);
        lsn += 100;
        time =
            TestReplica.EPOCH + sequence * 40_000_000_000L + sequence % 3 * 123_456 - sequence % 7;
        transaction = sequence;
        appender.begin(lsn, time);
      }
      log.add(new Entry(sequence, op, key, value, time, lsn, transaction));
    }

    private void end() {
      if (--left == 0) {
        appender.end(new Position(1, 1, lsn + 8));
      }
    }

    void set(byte[] key, byte[] value) {
      entry("SET", key, value);
      appender.set(key, value);
      end();
    }

    void delete(byte[] key) {
      entry("DEL", key, null);
      appender.delete(key);
      end();
    }

    void clear() {
      entry("CLEAR", null, null);
      appender.clear();
      end();
    }

    void finish() {
      if (left > 0) {
        left = 1;
        end();
      }
    }
  }

  private void insert(String name, String keyType, String valueType, List<Entry> log)
      throws SQLException {
    Map<String, Entry> live = new TreeMap<>();
    try (PreparedStatement rows =
        sql.prepareStatement(
            "INSERT INTO %s_log VALUES (?, ?, %s, %s, ?, ?::text::pg_lsn, ?)"
                .formatted(name, value(keyType), value(valueType)))) {
      for (Entry entry : log) {
        rows.setLong(1, entry.sequence());
        rows.setString(2, entry.op());
        set(rows, 3, keyType, entry.key());
        set(rows, 4, valueType, entry.value());
        rows.setTimestamp(5, timestamp(entry.time()));
        rows.setString(6, "%X/%X".formatted(entry.lsn() >>> 32, entry.lsn() & 0xffff_ffffL));
        rows.setLong(7, entry.transaction());
        rows.addBatch();
        switch (entry.op()) {
          case "SET" -> live.put(identity(entry), entry);
          case "DEL" -> live.remove(identity(entry));
          default -> live.clear();
        }
      }
      rows.executeBatch();
    }
    try (PreparedStatement rows =
        sql.prepareStatement(
            "INSERT INTO %s VALUES (%s, %s, ?, ?)"
                .formatted(name, value(keyType), value(valueType)))) {
      for (Entry entry : live.values()) {
        set(rows, 1, keyType, entry.key());
        set(rows, 2, valueType, entry.value());
        rows.setLong(3, entry.sequence());
        rows.setTimestamp(4, timestamp(entry.time()));
        rows.addBatch();
      }
      rows.executeBatch();
    }
  }

  private static String identity(Entry entry) {
    return new String(entry.key() == null ? new byte[0] : entry.key(), StandardCharsets.ISO_8859_1);
  }

  private static String value(String type) {
    return "?::" + type;
  }

  private static Timestamp timestamp(long micros) {
    return Timestamp.from(
        Instant.ofEpochSecond(
            Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000L));
  }

  private static void set(PreparedStatement into, int index, String type, byte @Nullable [] value)
      throws SQLException {
    if (type.equals("bytea")) {
      into.setBytes(index, value);
    } else {
      into.setString(index, value == null ? null : new String(value, StandardCharsets.UTF_8));
    }
  }

  void run(String text) throws SQLException {
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

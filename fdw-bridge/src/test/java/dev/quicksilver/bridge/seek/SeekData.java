package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.EdgeLab;
import dev.quicksilver.bridge.TestReplica;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rows of {@link SeekLab}, and how they get into a replica and into PostgreSQL alike. */
final class SeekData {
  private final Path data;
  private final Connection sql;

  SeekData(Path data, Connection sql) {
    this.data = data;
    this.sql = sql;
  }

  static List<Map.Entry<byte[], byte[]>> names() {
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    EdgeLab.dns()
        .forEach(pair -> pairs.add(Map.entry(SeekLab.utf8(pair.getKey()), pair.getValue())));
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
      pairs.add(Map.entry(SeekLab.utf8(key), SeekLab.utf8("value of " + key)));
    }
    return pairs;
  }

  static List<Map.Entry<byte[], byte[]>> blobs() {
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

  static List<Map.Entry<byte[], byte[]>> pages() {
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pairs.add(
          Map.entry(SeekLab.utf8("host%06d".formatted(i)), SeekLab.utf8("{\"n\": " + i + "}")));
    }
    return pairs;
  }

  /** Some short keys, of which two tables share a part. */
  static List<Map.Entry<byte[], byte[]>> few(int from) {
    List<String> keys =
        List.of("a", "ab", "abc", "b", "b.c", "B", "c", "é", "éa", "a_b", "a%", "x", "xy", "100%");
    List<Map.Entry<byte[], byte[]>> pairs = new ArrayList<>();
    for (String key : keys.subList(from, keys.size() - 3 + from)) {
      pairs.add(Map.entry(SeekLab.utf8(key), SeekLab.utf8(key.length() + " of " + key)));
    }
    return pairs;
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
  void make(String name, String keyType, String valueType, List<Map.Entry<byte[], byte[]>> pairs)
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
    SeekLab.run(
        sql,
        "CREATE TABLE %s (key %s PRIMARY KEY, value %s, sequence bigint, updated_at timestamptz)"
            .formatted(name, key, valueType));
    SeekLab.run(
        sql,
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
}

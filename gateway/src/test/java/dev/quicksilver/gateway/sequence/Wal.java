package dev.quicksilver.gateway.sequence;

import dev.quicksilver.gateway.status.Waiters;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Messages as PostgreSQL's pgoutput writes them, for tests that have no PostgreSQL. */
final class Wal {
  /** What stands for a large value that an update left alone. */
  static final Object UNCHANGED = new Object();

  static final int CATALOG = 16_000;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(bytes);

  private Wal() {}

  /** A column of a table. */
  record Column(String name, boolean key, ColumnType type) {
    static Column key(String name, ColumnType type) {
      return new Column(name, true, type);
    }

    static Column of(String name, ColumnType type) {
      return new Column(name, false, type);
    }
  }

  @FunctionalInterface
  private interface Content {
    void write(Wal wal) throws IOException;
  }

  private static ByteBuffer message(char type, Content content) {
    Wal wal = new Wal();
    try {
      wal.out.write(type);
      content.write(wal);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return ByteBuffer.wrap(wal.bytes.toByteArray());
  }

  static ByteBuffer begin(long commitLsn) {
    return message(
        'B',
        wal -> {
          wal.out.writeLong(commitLsn);
          wal.out.writeLong(commitLsn * 1_000);
          wal.out.writeInt(1);
        });
  }

  static ByteBuffer commit(long commitLsn, long endLsn) {
    return message(
        'C',
        wal -> {
          wal.out.write(0);
          wal.out.writeLong(commitLsn);
          wal.out.writeLong(endLsn);
          wal.out.writeLong(commitLsn * 1_000);
        });
  }

  /**
   * What a table looks like.
   *
   * @param identity {@code d} for its key, {@code f} for the whole row
   */
  static ByteBuffer relation(
      int oid, String schema, String name, char identity, Column... columns) {
    return message(
        'R',
        wal -> {
          wal.out.writeInt(oid);
          wal.string(schema);
          wal.string(name);
          wal.out.write(identity);
          wal.out.writeShort(columns.length);
          for (Column column : columns) {
            wal.out.write(column.key() || identity == 'f' ? 1 : 0);
            wal.string(column.name());
            wal.out.writeInt(column.type().oid());
            wal.out.writeInt(-1);
          }
        });
  }

  static ByteBuffer insert(int oid, Object... row) {
    return message(
        'I',
        wal -> {
          wal.out.writeInt(oid);
          wal.tuple('N', row);
        });
  }

  static ByteBuffer update(int oid, Object... row) {
    return message(
        'U',
        wal -> {
          wal.out.writeInt(oid);
          wal.tuple('N', row);
        });
  }

  /**
   * An update that tells the old key or row.
   *
   * @param kind {@code K} or {@code O}
   */
  static ByteBuffer update(int oid, char kind, Object[] old, Object[] row) {
    return message(
        'U',
        wal -> {
          wal.out.writeInt(oid);
          wal.tuple(kind, old);
          wal.tuple('N', row);
        });
  }

  static ByteBuffer delete(int oid, char kind, Object... old) {
    return message(
        'D',
        wal -> {
          wal.out.writeInt(oid);
          wal.tuple(kind, old);
        });
  }

  static ByteBuffer truncate(int... oids) {
    return message(
        'T',
        wal -> {
          wal.out.writeInt(oids.length);
          wal.out.write(0);
          for (int oid : oids) {
            wal.out.writeInt(oid);
          }
        });
  }

  /** What a session tells the root, outside any transaction. */
  static ByteBuffer said(String content) {
    return message(
        'M',
        wal -> {
          wal.out.write(0);
          wal.out.writeLong(1);
          wal.string(Waiters.PREFIX);
          byte[] utf8 = content.getBytes(StandardCharsets.UTF_8);
          wal.out.writeInt(utf8.length);
          wal.out.write(utf8);
        });
  }

  /** The table quicksilver.catalog. */
  static ByteBuffer catalog() {
    return relation(
        CATALOG,
        CatalogEntry.SCHEMA,
        CatalogEntry.TABLE,
        'd',
        Column.key("name", ColumnType.TEXT),
        Column.of("id", ColumnType.UUID),
        Column.of("table_schema", ColumnType.TEXT),
        Column.of("table_name", ColumnType.TEXT),
        Column.of("relation", ColumnType.INT4),
        Column.of("key_type", ColumnType.TEXT),
        Column.of("value_type", ColumnType.TEXT),
        Column.of("projection", ColumnType.JSONB));
  }

  /** The row of a database. */
  static Object[] database(String name, UUID id, int oid, String types, Object projection) {
    String[] keyAndValue = types.split(" ");
    return new Object[] {
      name, id, "public", name + "_table", oid, keyAndValue[0], keyAndValue[1], projection
    };
  }

  /** The binary form of a jsonb. */
  static byte[] jsonb(String text) {
    return ("\1" + text).getBytes(StandardCharsets.UTF_8);
  }

  private void string(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.write(0);
  }

  private void tuple(char kind, Object... values) throws IOException {
    out.write(kind);
    out.writeShort(values.length);
    for (Object value : values) {
      if (value == null || value == UNCHANGED) {
        out.write(value == null ? 'n' : 'u');
        continue;
      }
      byte[] binary =
          switch (value) {
            case byte[] already -> already;
            case String text -> text.getBytes(StandardCharsets.UTF_8);
            case Integer number -> ByteBuffer.allocate(4).putInt(number).array();
            case Long number -> ByteBuffer.allocate(8).putLong(number).array();
            case UUID id ->
                ByteBuffer.allocate(16)
                    .putLong(id.getMostSignificantBits())
                    .putLong(id.getLeastSignificantBits())
                    .array();
            default -> throw new IllegalArgumentException("no binary form of " + value);
          };
      out.write('b');
      out.writeInt(binary.length);
      out.write(binary);
    }
  }
}

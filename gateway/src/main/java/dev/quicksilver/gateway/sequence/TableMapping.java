package dev.quicksilver.gateway.sequence;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.sequence.Projection.Field;
import dev.quicksilver.gateway.wal.PgOutputMessage.Column;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a table's key and value are in its rows. */
public final class TableMapping {
  private final String database;
  private final Relation relation;
  private final Projection projection;
  private final int[] keys;
  private final int[] values;

  /** The key is the bytes of its one column, see {@link KeyEncoding}. */
  private final boolean rawKey;

  /** Bytes before a value of one column: the binary form of jsonb begins with a version. */
  private final int valueSkip;

  private TableMapping(String database, Relation relation, Projection projection) {
    this.database = database;
    this.relation = relation;
    this.projection = projection;
    this.keys = columns(projection.key());
    this.values = columns(projection.value());
    this.rawKey = keys.length == 1 && KeyEncoding.isRawAlone(projection.key().getFirst().type());
    this.valueSkip = projection.value().getFirst().type() == ColumnType.JSONB ? 1 : 0;
  }

  /** Finds the columns; a refusal if the table has no longer those that its database needs. */
  public static TableMapping of(CatalogEntry entry, Relation relation) {
    TableMapping mapping = new TableMapping(entry.identity().name(), relation, projection(entry));
    mapping.requireIdentity();
    return mapping;
  }

  /** What a database is made of; one of create_database of its columns key and value. */
  public static Projection projection(CatalogEntry entry) {
    DatabaseIdentity identity = entry.identity();
    return entry
        .projection()
        .orElseGet(
            () ->
                new Projection(
                    List.of(new Field("key", ColumnType.ofName(identity.keyType()))),
                    List.of(new Field("value", ColumnType.ofName(identity.valueType()))),
                    false));
  }

  /** Which columns make the key and the value. */
  public Projection projection() {
    return projection;
  }

  String database() {
    return database;
  }

  /** Another type has other bytes, and changing it leaves no trace of the old rows in the WAL. */
  private int[] columns(List<Field> fields) {
    int[] columns = new int[fields.size()];
    for (int i = 0; i < columns.length; i++) {
      Field field = fields.get(i);
      columns[i] = relation.indexOf(field.name());
      if (columns[i] < 0) {
        throw changed("no longer has its column " + field.name());
      }
      if (relation.columns().get(columns[i]).type() != field.type().oid()) {
        throw changed(
            "has a column "
                + field.name()
                + " that is no longer of type "
                + field.type().typeName());
      }
    }
    return columns;
  }

  private void requireIdentity() {
    int others = -keys.length;
    for (Column column : relation.columns()) {
      others += column.key() ? 1 : 0;
    }
    for (int key : keys) {
      if (!relation.columns().get(key).key()) {
        throw changed("no longer has its key columns as the replica identity");
      }
    }
    if (others > 0 && !relation.fullIdentity()) {
      throw changed("has another replica identity than its key, so a key may have several rows");
    }
  }

  private GatewayException changed(String what) {
    return new GatewayException(
        ErrorCode.TABLE_CHANGED,
        "table "
            + relation.schema()
            + "."
            + relation.name()
            + " of database "
            + database
            + " "
            + what
            + "; its changes cannot be replicated, create the database again");
  }

  /** The key of a row; {@code old} tells large columns that an update left alone. */
  public byte[] key(Tuple row, @Nullable Tuple old) {
    if (rawKey) {
      return required(row, old, keys[0], "key", 0);
    }
    List<Field> fields = projection.key();
    ByteArrayOutputStream key = new ByteArrayOutputStream();
    for (int i = 0; i < keys.length; i++) {
      KeyEncoding.append(key, fields.get(i).type(), required(row, old, keys[i], "key", 0));
    }
    return key.toByteArray();
  }

  /** True if a value is what it was, and neither row tells it: only this node's data does. */
  boolean leavesValue(Tuple row, @Nullable Tuple old) {
    return !projection.object()
        && row.isUnchanged(values[0])
        && (old == null || old.isNull(values[0]));
  }

  /** The value of a row; {@code old} tells large columns that an update left alone. */
  public byte[] value(Tuple row, @Nullable Tuple old) {
    if (!projection.object()) {
      return required(row, old, values[0], "value", valueSkip);
    }
    List<Field> fields = projection.value();
    ValueObject object = new ValueObject();
    for (int i = 0; i < values.length; i++) {
      int column = values[i];
      boolean isNull = column < row.size() && row.isNull(column);
      object.member(
          fields.get(i).name(),
          fields.get(i).type(),
          isNull ? null : required(row, old, column, fields.get(i).name(), 0));
    }
    return object.end();
  }

  private byte[] required(Tuple row, @Nullable Tuple old, int column, String what, int skip) {
    Tuple from = old != null && column < row.size() && row.isUnchanged(column) ? old : row;
    // NULL and unchanged are lengths below zero.
    if (column >= from.size() || from.length(column) < skip) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "a row of table "
              + relation.schema()
              + "."
              + relation.name()
              + " has no "
              + what
              + ", which database "
              + database
              + " needs; restore the column's NOT NULL (or REPLICA IDENTITY FULL, if a JSON object"
              + " is made of it) and create the database again");
    }
    return from.value(column, skip);
  }
}

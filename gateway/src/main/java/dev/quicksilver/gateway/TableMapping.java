package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.PgOutputMessage.Column;
import dev.quicksilver.gateway.PgOutputMessage.Relation;
import dev.quicksilver.gateway.PgOutputMessage.Tuple;
import dev.quicksilver.storage.DatabaseIdentity;
import java.util.Map;

/**
 * Where a table's key and value are in its rows.
 *
 * @param valueSkip bytes before the value: 1 for jsonb, whose binary form begins with a version
 */
record TableMapping(String database, Relation relation, int key, int value, int valueSkip) {
  private static final int JSONB = 3802;

  /**
   * PostgreSQL's own types and their OIDs (pg_type.dat), the only ones that a database can have.
   */
  private static final Map<String, Integer> TYPES =
      Map.of("text", 25, "bytea", 17, "json", 114, "jsonb", JSONB);

  static TableMapping of(DatabaseIdentity identity, Relation relation) {
    String database = identity.name();
    int key = relation.indexOf("key");
    int value = relation.indexOf("value");
    if (key < 0 || value < 0 || !relation.columns().get(key).key()) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "table "
              + relation.schema()
              + "."
              + relation.name()
              + " of database "
              + database
              + " no longer has its columns key (as the replica identity) and value; its changes"
              + " cannot be replicated, create the database again");
    }
    requireType(identity, relation, key, identity.keyType());
    requireType(identity, relation, value, identity.valueType());
    int others = -1;
    for (Column column : relation.columns()) {
      others += column.key() ? 1 : 0;
    }
    if (others > 0 && !relation.fullIdentity()) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "the replica identity of table "
              + relation.schema()
              + "."
              + relation.name()
              + " of database "
              + database
              + " is no longer its column key alone, so a key may have several rows; its changes"
              + " cannot be replicated, create the database again");
    }
    int skip = relation.columns().get(value).type() == JSONB ? 1 : 0;
    return new TableMapping(database, relation, key, value, skip);
  }

  /** Another type has other bytes, and changing it leaves no trace of the old rows in the WAL. */
  private static void requireType(
      DatabaseIdentity identity, Relation relation, int column, String type) {
    Column found = relation.columns().get(column);
    if (!Integer.valueOf(found.type()).equals(TYPES.get(type))) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "column "
              + found.name()
              + " of table "
              + relation.schema()
              + "."
              + relation.name()
              + " of database "
              + identity.name()
              + " is no longer of type "
              + type
              + "; its changes cannot be replicated, create the database again");
    }
  }

  byte[] key(Tuple row) {
    if (key >= row.size() || row.isNull(key) || row.isUnchanged(key)) {
      throw missing("key");
    }
    return row.value(key, 0);
  }

  byte[] value(Tuple row) {
    if (value >= row.size() || row.isNull(value) || row.length(value) < valueSkip) {
      throw missing("value");
    }
    return row.value(value, valueSkip);
  }

  private GatewayException missing(String column) {
    return new GatewayException(
        ErrorCode.TABLE_CHANGED,
        "a row of table "
            + relation.schema()
            + "."
            + relation.name()
            + " has no "
            + column
            + ", which database "
            + database
            + " needs; restore the column's NOT NULL and create the database again");
  }
}

package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.PgOutputMessage.Relation;
import dev.quicksilver.gateway.PgOutputMessage.Tuple;

/**
 * Where a table's key and value are in its rows.
 *
 * @param valueSkip bytes before the value: 1 for jsonb, whose binary form begins with a version
 */
record TableMapping(String database, Relation relation, int key, int value, int valueSkip) {
  private static final int JSONB = 3802;

  static TableMapping of(String database, Relation relation) {
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
    int skip = relation.columns().get(value).type() == JSONB ? 1 : 0;
    return new TableMapping(database, relation, key, value, skip);
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

package dev.quicksilver.gateway.sequence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;

/**
 * One database as the catalog describes it: a row of {@code quicksilver.catalog} in PostgreSQL, a
 * JSON value under the database's name in the catalog database of every node:
 *
 * <pre>{"id":uuid,"key_type":"text","value_type":"text","table":"schema.table","relation":oid}
 * </pre>
 *
 * <p>A database of a published table has a member {@code "projection"} too.
 *
 * @param relation the table's OID in the central PostgreSQL, unsigned
 * @param projection which columns a published table gives; empty for a table (key, value)
 */
public record CatalogEntry(
    DatabaseIdentity identity, String table, int relation, Optional<Projection> projection) {
  static final String SCHEMA = "quicksilver";
  static final String TABLE = "catalog";

  private static final JsonMapper JSON = new JsonMapper();

  /** Reads a row of the WAL. */
  static CatalogEntry ofRow(Relation relation, Tuple row) {
    ByteBuffer id = ByteBuffer.wrap(bytes(relation, row, "id"));
    ByteBuffer oid = ByteBuffer.wrap(bytes(relation, row, "relation"));
    return new CatalogEntry(
        new DatabaseIdentity(
            new UUID(id.getLong(), id.getLong()),
            text(relation, row, "name"),
            text(relation, row, "key_type"),
            text(relation, row, "value_type")),
        text(relation, row, "table_schema") + "." + text(relation, row, "table_name"),
        oid.getInt(),
        projection(relation, row));
  }

  /** A catalog of before version 2 has no such column. */
  private static Optional<Projection> projection(Relation relation, Tuple row) {
    int index = relation.indexOf("projection");
    if (index < 0 || index >= row.size() || row.isNull(index)) {
      return Optional.empty();
    }
    // The binary form of jsonb begins with a version.
    return Optional.of(Projection.of(row.value(index, 1)));
  }

  /** The name in the key of a deleted row. */
  static String nameOf(Relation relation, Tuple row) {
    return text(relation, row, "name");
  }

  /** Reads a pair of the catalog database. */
  static CatalogEntry ofPair(byte[] key, byte[] value) {
    try {
      CatalogPair pair = CatalogPair.decode(key, value);
      JsonNode members = pair.members();
      return new CatalogEntry(
          pair.identity(),
          members.path("table").asText(),
          (int) members.path("relation").asLong(),
          members.has("projection")
              ? Optional.of(Projection.of(members.path("projection")))
              : Optional.empty());
    } catch (IOException e) {
      throw new GatewayException(
          ErrorCode.STORAGE,
          "the catalog's entry \""
              + new String(key, StandardCharsets.UTF_8)
              + "\" on this node is unreadable; let the node replicate from another one",
          e);
    }
  }

  /** The key in the catalog database. */
  public byte[] key() {
    return identity.name().getBytes(StandardCharsets.UTF_8);
  }

  /** The value; the same bytes on every node. */
  public byte[] value() {
    ObjectNode node = JSON.createObjectNode();
    node.put("id", identity.id().toString());
    node.put("key_type", identity.keyType());
    node.put("value_type", identity.valueType());
    node.put("table", table);
    node.put("relation", Integer.toUnsignedLong(relation));
    projection.ifPresent(columns -> node.set("projection", columns.toJson()));
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain fields", e);
    }
  }

  private static String text(Relation relation, Tuple row, String column) {
    return new String(bytes(relation, row, column), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(Relation relation, Tuple row, String column) {
    int index = relation.indexOf(column);
    if (index < 0 || row.isNull(index) || row.isUnchanged(index)) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "a row of quicksilver.catalog came without its "
              + column
              + "; run ./quicksilver migrate");
    }
    return row.value(index, 0);
  }
}

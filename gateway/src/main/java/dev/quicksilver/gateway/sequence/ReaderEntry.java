package dev.quicksilver.gateway.sequence;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A role that may read at the edges: a row of {@code quicksilver.reader} in PostgreSQL, a JSON
 * value under {@code role:} and the role's name in the catalog database of every node:
 *
 * <pre>{"verifier":"SCRAM-SHA-256$4096:salt$stored key:server key","databases":["a","b"]}
 * </pre>
 *
 * <p>Without a verifier there is no such member. {@code ["*"]} stands for all databases.
 *
 * @param databases sorted, each once
 */
public record ReaderEntry(String role, Optional<String> verifier, List<String> databases) {
  static final String SCHEMA = CatalogEntry.SCHEMA;
  static final String TABLE = "reader";

  private static final String KEY_PREFIX = "role:";
  private static final JsonMapper JSON = new JsonMapper();

  /** Sorts the databases. */
  public static ReaderEntry of(
      String role, Optional<String> verifier, Collection<String> databases) {
    return new ReaderEntry(role, verifier, List.copyOf(new TreeSet<>(databases)));
  }

  /** Reads a row of the WAL; {@code old} tells large columns that an update left alone. */
  static ReaderEntry ofRow(Relation relation, Tuple row, @Nullable Tuple old) {
    String role = roleOf(relation, row);
    int verifier = relation.indexOf("verifier");
    boolean none = verifier >= 0 && verifier < row.size() && row.isNull(verifier);
    return of(
        role,
        none ? Optional.empty() : Optional.of(text(bytes(relation, row, old, "verifier"))),
        array(role, bytes(relation, row, old, "databases")));
  }

  /** Whose row it is; known of an old row, too. */
  static String roleOf(Relation relation, Tuple row) {
    return text(bytes(relation, row, null, "role"));
  }

  /** The key of a role's pair. */
  static byte[] key(String role) {
    return (KEY_PREFIX + role).getBytes(StandardCharsets.UTF_8);
  }

  /** The key in the catalog database. */
  public byte[] key() {
    return key(role);
  }

  /** The value; the same bytes on every node. */
  public byte[] value() {
    ObjectNode node = JSON.createObjectNode();
    verifier.ifPresent(text -> node.put("verifier", text));
    ArrayNode names = node.putArray("databases");
    databases.forEach(names::add);
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain fields", e);
    }
  }

  /**
   * The elements of a text[] of one dimension, in the binary form of PostgreSQL's array_send: the
   * count of dimensions, whether there are NULLs, the type of the elements, then of each dimension
   * its size and first index, then the elements, each with its length before it.
   */
  private static List<String> array(String role, byte[] binary) {
    ByteBuffer in = ByteBuffer.wrap(binary);
    List<String> elements = new ArrayList<>();
    try {
      int dimensions = in.getInt();
      in.getInt();
      in.getInt();
      int count = 0;
      for (int i = 0; i < dimensions; i++) {
        count = in.getInt();
        in.getInt();
      }
      for (int i = 0; dimensions == 1 && i < count; i++) {
        byte[] element = new byte[in.getInt()];
        in.get(element);
        elements.add(text(element));
      }
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw new GatewayException(
          ErrorCode.PROTOCOL,
          "the row of role \"" + role + "\" in quicksilver.reader has no list of databases",
          e);
    }
    return elements;
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(Relation relation, Tuple row, @Nullable Tuple old, String column) {
    int index = relation.indexOf(column);
    Tuple from =
        old != null && index >= 0 && index < row.size() && row.isUnchanged(index) ? old : row;
    // NULL and unchanged are lengths below zero.
    if (index < 0 || index >= from.size() || from.length(index) < 0) {
      throw new GatewayException(
          ErrorCode.TABLE_CHANGED,
          "a row of quicksilver.reader came without its "
              + column
              + "; SELECT * FROM quicksilver.problems() says what helps");
    }
    return from.value(index, 0);
  }
}

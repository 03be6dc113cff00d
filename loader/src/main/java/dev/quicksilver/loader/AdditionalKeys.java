package dev.quicksilver.loader;

import dev.quicksilver.loader.map.Mapping;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The keys of a table that the sources lack, found and deleted page by page in the order of keys.
 * Not thread-safe.
 */
final class AdditionalKeys {
  private final Connection connection;
  private final Target target;
  private final SeenKeys seen;
  private final IntSupplier pageRows;
  private final List<Object> page = new ArrayList<>();
  private @Nullable Object last;
  private boolean ended;
  private long looked;

  /**
   * Begins before the first key.
   *
   * @param pageRows keys to the next page, 1 or more
   */
  AdditionalKeys(Connection connection, Target target, SeenKeys seen, IntSupplier pageRows) {
    this.connection = connection;
    this.target = target;
    this.seen = seen;
    this.pageRows = pageRows;
  }

  /** Looks at the next page of the table, in the transaction that is open; false if none is. */
  boolean next() throws SQLException {
    page.clear();
    if (ended) {
      return false;
    }
    int most = pageRows.getAsInt();
    String sql =
        "SELECT %1$s FROM %2$s%3$s ORDER BY %1$s LIMIT %4$d"
            .formatted(
                target.key(),
                target.table(),
                last == null ? "" : " WHERE " + target.key() + " > ?",
                most);
    int rows = 0;
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      if (last != null) {
        query.setObject(1, last);
      }
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          rows++;
          last = take(row);
        }
      }
    }
    looked += rows;
    ended = rows < most;
    return rows > 0;
  }

  private Object take(ResultSet row) throws SQLException {
    boolean bytes = target.keyType() == Mapping.Type.BYTEA;
    Object key = Objects.requireNonNull(bytes ? row.getBytes(1) : row.getString(1));
    byte[] content = key instanceof byte[] raw ? raw : utf8(key);
    if (!seen.contains(content)) {
      page.add(key);
    }
    return key;
  }

  private static byte[] utf8(Object key) {
    return key.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** How many keys of the page the sources lack. */
  int found() {
    return page.size();
  }

  /** How many keys of the table were looked at. */
  long looked() {
    return looked;
  }

  /** Deletes what {@link #found} counts, in the transaction that is open; returns how many. */
  int delete() throws SQLException {
    if (page.isEmpty()) {
      return 0;
    }
    boolean bytes = target.keyType() == Mapping.Type.BYTEA;
    Array keys =
        connection.createArrayOf(
            bytes ? "bytea" : "text", bytes ? page.toArray(byte[][]::new) : page.toArray());
    String sql = "DELETE FROM " + target.table() + " WHERE " + target.key() + " = ANY (?)";
    try (PreparedStatement delete = connection.prepareStatement(sql)) {
      delete.setArray(1, keys);
      return delete.executeUpdate();
    } finally {
      keys.free();
    }
  }
}

package dev.quicksilver.gateway.wal;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One message of PostgreSQL's plugin {@code pgoutput}, protocol version 1 with binary values
 * (PostgreSQL documentation, "Logical Replication Message Formats").
 */
public sealed interface PgOutputMessage {
  /**
   * A committed transaction begins.
   *
   * @param commitLsn LSN of the commit record
   * @param commitTime µs since 1970-01-01 UTC
   */
  record Begin(long commitLsn, long commitTime) implements PgOutputMessage {}

  record Commit(long commitLsn, long endLsn) implements PgOutputMessage {}

  /**
   * What a table looked like when the rows that follow were written.
   *
   * @param fullIdentity the replica identity is the whole row (REPLICA IDENTITY FULL)
   */
  record Relation(int oid, String schema, String name, boolean fullIdentity, List<Column> columns)
      implements PgOutputMessage {
    /** Where a column is in a row; -1 if there is none of that name. */
    public int indexOf(String column) {
      for (int i = 0; i < columns.size(); i++) {
        if (columns.get(i).name().equals(column)) {
          return i;
        }
      }
      return -1;
    }
  }

  record Column(String name, boolean key, int type) {}

  record Insert(int relation, Tuple row) implements PgOutputMessage {}

  /**
   * A changed row.
   *
   * @param old the old key, or the old row, if the update changed the key or the table's replica
   *     identity is the full row
   */
  record Update(int relation, @Nullable Tuple old, Tuple row) implements PgOutputMessage {}

  record Delete(int relation, Tuple old) implements PgOutputMessage {}

  record Truncate(List<Integer> relations) implements PgOutputMessage {}

  /**
   * What somebody wrote into the WAL with {@code pg_logical_emit_message}. No entry depends on it.
   *
   * @param transactional if it belongs to a transaction, and so comes before its COMMIT
   */
  record LogicalMessage(boolean transactional, String prefix, ByteBuffer content)
      implements PgOutputMessage {}

  /** ORIGIN and TYPE: nothing that an entry depends on. */
  record Other(char type) implements PgOutputMessage {}

  /** The values of a row: bytes into a message, described by offset and length. */
  final class Tuple {
    /** The length of a value that is NULL. */
    public static final int NULL = -1;

    static final int UNCHANGED = -2;

    private final byte[] bytes;
    private final int[] offsets;
    private final int[] lengths;

    /** Keeps the arrays, and does not copy them; a length may be {@link #NULL}. */
    public Tuple(byte[] bytes, int[] offsets, int[] lengths) {
      this.bytes = bytes;
      this.offsets = offsets;
      this.lengths = lengths;
    }

    /** How many columns it has. */
    public int size() {
      return lengths.length;
    }

    /** True for a NULL. */
    public boolean isNull(int column) {
      return lengths[column] == NULL;
    }

    /** True for a large value that an update did not change, and that the WAL does not repeat. */
    public boolean isUnchanged(int column) {
      return lengths[column] == UNCHANGED;
    }

    /** Bytes of a value that is there. */
    public int length(int column) {
      return lengths[column];
    }

    /** A copy of a value without its first {@code skip} bytes. */
    public byte[] value(int column, int skip) {
      int from = offsets[column] + skip;
      return java.util.Arrays.copyOfRange(bytes, from, offsets[column] + lengths[column]);
    }
  }
}

package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.wire.MessageWriter;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * A scan of a relation. Used by one thread at a time.
 *
 * <p>What a condition looks at is there without becoming an object: numbers as {@code long}, texts
 * and byte strings in buffers that the next {@link #next()} uses again.
 */
public interface RelationCursor extends AutoCloseable {
  /** Moves to the next row; false at the end. */
  boolean next();

  /** The value of a column of the current row. */
  @Nullable Object value(int column);

  /** Whether a column of the current row is NULL. */
  boolean isNull(int column);

  /** A column of type int8, int4, timestamptz (µs since 1970) or pg_lsn that is not NULL. */
  long number(int column);

  /** The buffer in which a text or bytea that is not NULL stands, text as UTF-8. */
  byte[] buffer(int column);

  /** Where it begins in its buffer. */
  int offset(int column);

  /** Its length in bytes. */
  int length(int column);

  /** Writes a column of the current row as a length-prefixed field in text format. */
  void write(int column, MessageWriter out, ZoneId zone);

  /** Writes a column of the current row as a length-prefixed field in binary format. */
  void writeBinary(int column, MessageWriter out);

  @Override
  void close();
}

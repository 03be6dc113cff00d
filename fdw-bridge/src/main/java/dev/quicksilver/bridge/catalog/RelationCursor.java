package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.wire.MessageWriter;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/** A scan of a relation. Used by one thread at a time. */
public interface RelationCursor extends AutoCloseable {
  /** Moves to the next row; false at the end. */
  boolean next();

  /** The value of a column of the current row. */
  @Nullable Object value(int column);

  /** Writes a column of the current row as a length-prefixed field in text format. */
  void write(int column, MessageWriter out, ZoneId zone);

  @Override
  void close();
}

package dev.quicksilver.loader.read;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Records of a source, one after the other. Not thread-safe. */
public interface RecordReader extends Closeable {
  /**
   * Returns the next record, or null at the end.
   *
   * @throws IOException if the source cannot be read any further: the medium, or what it is packed
   *     in
   */
  @Nullable SourceRecord next() throws IOException;

  /** The line that names the columns, with its end, as UTF-8; empty if there is none. */
  byte[] header();

  /** What was read up to and with the last record. */
  Mark mark();
}

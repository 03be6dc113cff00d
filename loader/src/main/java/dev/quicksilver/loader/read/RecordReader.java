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

  /**
   * What a file of rejected records begins with: the line that names the columns, or a {@linkplain
   * Comments comment} that says how the file is read; as UTF-8, with the line's end; or empty.
   */
  byte[] header();

  /** What was read up to and with the last record. */
  Mark mark();

  /** Records that expire, of those that were read. */
  default Expirations expirations() {
    return Expirations.NONE;
  }
}

package dev.quicksilver.loader.read;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What readers of records that are lines have in common. */
abstract class LinesReader implements RecordReader {
  final Lines lines;
  private byte[] header = {};

  LinesReader(Lines lines) {
    this.lines = lines;
  }

  static SourceException noHeader() {
    return new SourceException("it is empty: there is no line that names the columns");
  }

  /**
   * Takes the record that was read for the names of the columns.
   *
   * @param problem why it cannot be read, or null
   */
  void nameColumns(Columns columns, List<byte @Nullable []> row, @Nullable String problem)
      throws SourceException {
    header = lines.skip();
    if (problem != null) {
      throw new SourceException("line 1, which names the columns: " + problem);
    }
    columns.name(row);
  }

  @Override
  public final byte[] header() {
    return header;
  }

  @Override
  public final Mark mark() {
    return lines.mark();
  }

  @Override
  public final void close() throws IOException {
    lines.close();
  }
}

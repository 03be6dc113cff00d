package dev.quicksilver.loader.read;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;

/** Opens sources. Stateless. */
public final class Readers {
  static final String TOO_LONG = "it is longer than a record may be (--max-record)";

  private Readers() {}

  /**
   * Reads records from bytes.
   *
   * @param content what may be packed with gzip or zstd; closed with the reader
   * @param charset of the text; without one it is UTF-8, or what a byte order mark says
   * @param wanted what each record's fields shall be
   * @param maxRecord the most bytes that a record may have, 1 or more
   * @throws IOException if the source cannot be unpacked, or its first line does not name the
   *     columns that are wanted
   */
  public static RecordReader open(
      InputStream content,
      Format format,
      Dialect dialect,
      Optional<Charset> charset,
      List<Column> wanted,
      int maxRecord)
      throws IOException {
    try {
      Lines lines = new Lines(Text.open(Unpacked.open(content), charset), maxRecord);
      return switch (format) {
        case TSV -> new TsvReader(lines, new Columns(wanted), dialect);
        case CSV -> new CsvReader(lines, new Columns(wanted), dialect);
        case JSON_LINES -> new JsonLinesReader(lines, wanted);
      };
    } catch (IOException e) {
      content.close();
      throw e;
    }
  }
}

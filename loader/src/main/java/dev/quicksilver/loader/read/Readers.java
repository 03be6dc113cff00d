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
   * @param charset of the text; without one it is UTF-8, or what a byte order mark says. Kyoto's
   *     formats are bytes and have none
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
      InputStream unpacked = Unpacked.open(content);
      return switch (format) {
        case TSV -> new TsvReader(text(unpacked, charset, maxRecord), new Columns(wanted), dialect);
        case CSV -> new CsvReader(text(unpacked, charset, maxRecord), new Columns(wanted), dialect);
        case JSON_LINES -> new JsonLinesReader(text(unpacked, charset, maxRecord), wanted);
        case KYOTO_HEX, KYOTO_PLAIN ->
            new KyotoLinesReader(
                new Lines(unpacked, maxRecord),
                new Columns(wanted),
                format == Format.KYOTO_HEX,
                dialect.expiry());
        case KCSS, KTSS ->
            new SnapshotReader(
                SnapshotHeader.open(unpacked, format),
                new Columns(wanted),
                dialect.expiry(),
                maxRecord);
      };
    } catch (IOException e) {
      content.close();
      throw e;
    }
  }

  private static Lines text(InputStream unpacked, Optional<Charset> charset, int maxRecord)
      throws IOException {
    return new Lines(Text.open(unpacked, charset), maxRecord);
  }
}

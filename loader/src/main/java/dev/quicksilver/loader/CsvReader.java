package dev.quicksilver.loader;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.util.Iterator;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** RFC 4180. */
final class CsvReader implements RowReader {
  private final CSVParser parser;
  private final Iterator<CSVRecord> rows;
  private long line = 1;
  private String key = "";
  private String value = "";

  CsvReader(Reader reader) throws IOException {
    parser =
        CSVParser.builder()
            .setReader(reader)
            .setFormat(CSVFormat.RFC4180.builder().setIgnoreEmptyLines(false).get())
            .get();
    rows = parser.iterator();
  }

  @Override
  public boolean next() throws IOException, BadRow {
    line = parser.getCurrentLineNumber() + 1;
    CSVRecord row;
    try {
      if (!rows.hasNext()) {
        return false;
      }
      row = rows.next();
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw e.getCause();
      }
      if (e.getCause() instanceof CSVException) {
        throw new BadRow(line, "a quoted column is not well-formed: " + e.getCause().getMessage());
      }
      throw e.getCause();
    }
    if (row.size() != 2) {
      throw new BadRow(line, "there are " + row.size() + " columns instead of two");
    }
    key = row.get(0);
    value = row.get(1);
    return true;
  }

  @Override
  public long line() {
    return line;
  }

  @Override
  public String key() {
    return key;
  }

  @Override
  public String value() {
    return value;
  }
}

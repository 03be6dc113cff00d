package dev.quicksilver.loader.read;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;

/**
 * RFC 4180 and its dialects, parsed by commons-csv. The parser gets a line at a time, when it asks
 * for one, so that the lines it has had since the last record are the record, and a new parser goes
 * on after them when it has given up. It gets bytes as the characters of the same number: what it
 * looks for is ASCII, and bytes of other characters pass through as they are.
 */
final class CsvReader extends LinesReader {
  /**
   * Stands for a carriage return that ends no line, which the parser would take for one that does.
   */
  private static final char CARRIAGE_RETURN = '\uE00D';

  private final Columns columns;
  private final CSVFormat format;
  private final Optional<Character> quote;
  private final Optional<byte[]> nullText;
  private final Feed feed = new Feed();
  private final List<byte @Nullable []> row = new ArrayList<>();
  private Iterator<CSVRecord> parser;

  CsvReader(Lines lines, Columns columns, Dialect dialect) throws IOException {
    super(lines);
    this.columns = columns;
    quote = dialect.quote();
    nullText = dialect.nullBytes();
    format =
        CSVFormat.RFC4180
            .builder()
            .setDelimiter(dialect.delimiter())
            .setQuote(quote.orElse(null))
            .setEscape(dialect.escape().orElse(null))
            .setIgnoreEmptyLines(false)
            .get();
    parser = parser();
    if (dialect.header()) {
      readHeader();
    }
  }

  private Iterator<CSVRecord> parser() throws IOException {
    feed.skipLine();
    return CSVParser.builder().setReader(feed).setFormat(format).get().iterator();
  }

  private void readHeader() throws IOException {
    if (lines.count() == 0 && !parser.hasNext()) {
      throw noHeader();
    }
    String problem = parse();
    nameColumns(columns, row, problem);
  }

  @Override
  public @Nullable SourceRecord next() throws IOException {
    while (true) {
      String problem = parse();
      if (problem == null && lines.count() == 0) {
        return null;
      }
      if (problem == null && isBlank()) {
        lines.skip();
        continue;
      }
      if (problem == null) {
        problem = columns.wrong(row.size());
      }
      Extent.OfLines extent = lines.take();
      return problem == null
          ? new SourceRecord(extent, columns.of(row), null)
          : SourceRecord.bad(extent, problem);
    }
  }

  private boolean isBlank() {
    return row.size() == 1 && lines.count() == 1 && lines.contentEnd() == lines.start();
  }

  /** Fills {@link #row} with the next record, if there is one, or says why not. */
  private @Nullable String parse() throws IOException {
    row.clear();
    try {
      if (parser.hasNext()) {
        for (String field : parser.next()) {
          add(field);
        }
      }
      return hasStrayCarriageReturn()
          ? "there is a carriage return outside of quotes that no line feed follows: convert the"
              + " line ends"
          : null;
    } catch (UncheckedIOException e) {
      return gaveUp(e);
    }
  }

  private String gaveUp(UncheckedIOException thrown) throws IOException {
    IOException cause = thrown.getCause();
    boolean tooLong = cause instanceof TooLong;
    if (!tooLong && !(cause instanceof org.apache.commons.csv.CSVException)) {
      throw cause;
    }
    boolean atEnd = feed.atEnd;
    parser = parser();
    if (tooLong) {
      return lines.count() > 1
          ? Readers.TOO_LONG + "; it has " + lines.count() + " lines: is a quote not closed?"
          : Readers.TOO_LONG;
    }
    if (atEnd) {
      return "a column in quotes is not closed by the end of the source";
    }
    return "something stands between a closing quote and the end of its column";
  }

  private void add(String field) {
    String text = field.replace(CARRIAGE_RETURN, '\r');
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    row.add(nullText.isPresent() && Arrays.equals(bytes, nullText.get()) ? null : bytes);
  }

  /** Whether one stands where the quotes before it are closed. */
  private boolean hasStrayCarriageReturn() {
    if (!feed.hadCarriageReturn) {
      return false;
    }
    feed.hadCarriageReturn = false;
    byte[] text = lines.buffer();
    boolean quoted = false;
    for (int at = lines.recordStart(); at < lines.end(); at++) {
      if (quote.isPresent() && text[at] == quote.get()) {
        quoted = !quoted;
      } else if (text[at] == '\r' && !quoted && !(at + 1 < lines.end() && text[at + 1] == '\n')) {
        return true;
      }
    }
    return false;
  }

  private static final class TooLong extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Hands out lines. */
  private final class Feed extends Reader {
    private int given;
    private boolean atEnd;
    private boolean hadCarriageReturn;

    /** Lets what is left of the last line be. */
    void skipLine() {
      given = lines.end() - lines.start();
    }

    @Override
    public int read(char[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (atEnd) {
        return -1;
      }
      if (given == lines.end() - lines.start() || lines.count() == 0) {
        if (!lines.next()) {
          atEnd = true;
          return -1;
        }
        given = 0;
        if (lines.isTooLong()) {
          throw new TooLong();
        }
      }
      byte[] text = lines.buffer();
      int from = lines.start() + given;
      int count = Math.min(length, lines.end() - from);
      for (int i = 0; i < count; i++) {
        byte b = text[from + i];
        if (b == '\r' && !(from + i + 1 < lines.end() && text[from + i + 1] == '\n')) {
          hadCarriageReturn = true;
          into[offset + i] = CARRIAGE_RETURN;
        } else {
          into[offset + i] = (char) (b & 0xff);
        }
      }
      given += count;
      return count;
    }

    @Override
    public void close() {
      // the lines are closed with the reader of records
    }
  }
}

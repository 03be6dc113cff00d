package dev.quicksilver.loader.read;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * PostgreSQL's COPY text format (PostgreSQL documentation, COPY, "Text Format"): a line a record, a
 * tab between columns, backslash escapes, {@code \N} for NULL.
 */
final class TsvReader extends LinesReader {
  private static final byte[] NULL = {'\\', 'N'};
  private static final byte TAB = '\t';
  private static final byte BACKSLASH = '\\';
  private static final byte CARRIAGE_RETURN = '\r';

  private final Columns columns;
  private final List<byte @Nullable []> row = new ArrayList<>();
  private boolean started;
  private boolean crlf;
  private boolean ended;

  TsvReader(Lines lines, Columns columns, Dialect dialect) throws IOException {
    super(lines);
    this.columns = columns;
    if (dialect.header()) {
      readHeader();
    }
  }

  private void readHeader() throws IOException {
    if (!lines.next()) {
      throw noHeader();
    }
    String problem = lines.isTooLong() ? Readers.TOO_LONG : split();
    nameColumns(columns, row, problem);
  }

  @Override
  public @Nullable SourceRecord next() throws IOException {
    if (ended || !lines.next()) {
      return null;
    }
    if (lines.isTooLong()) {
      return SourceRecord.bad(lines.take(), Readers.TOO_LONG);
    }
    if (isEndMarker()) {
      return afterEndMarker();
    }
    String problem = split();
    if (problem == null) {
      problem = columns.wrong(row.size());
    }
    Extent.OfLines extent = lines.take();
    return problem == null
        ? new SourceRecord(extent, columns.of(row), null)
        : SourceRecord.bad(extent, problem);
  }

  /** {@code \.}, as pg_dump and psql write it. */
  private boolean isEndMarker() {
    int at = lines.start();
    return lines.contentEnd() - at == 2
        && lines.buffer()[at] == '\\'
        && lines.buffer()[at + 1] == '.';
  }

  private @Nullable SourceRecord afterEndMarker() throws IOException {
    lines.skip();
    if (!lines.next()) {
      ended = true;
      return null;
    }
    return SourceRecord.bad(
        lines.take(), "it stands after a line \\., which ends the data: take that line out");
  }

  /** Fills {@link #row}, or says why not. */
  private @Nullable String split() {
    byte[] text = lines.buffer();
    int from = lines.start();
    int end = lines.end();
    if (!started) {
      started = true;
      crlf = end - lines.contentEnd() == 2;
    }
    if (crlf) {
      end = lines.contentEnd();
    } else if (end > from && text[end - 1] == '\n') {
      end--;
    }
    row.clear();
    boolean escaped = false;
    int at = Scan.indexOfAny(text, from, end, TAB, BACKSLASH, CARRIAGE_RETURN);
    while (at < end) {
      byte b = text[at];
      if (b == TAB) {
        String problem = add(text, from, at, escaped);
        if (problem != null) {
          return problem;
        }
        from = at + 1;
        escaped = false;
      } else if (b == CARRIAGE_RETURN) {
        return "column "
            + (row.size() + 1)
            + " has a carriage return"
            + (at == end - 1 ? " at its end, and the first line had none" : "")
            + ": write \\r, or convert the line ends";
      }
      escaped |= b == BACKSLASH;
      at += b == BACKSLASH ? 2 : 1; // what is escaped is no tab
      at = Scan.indexOfAny(text, at, end, TAB, BACKSLASH, CARRIAGE_RETURN);
    }
    return add(text, from, end, escaped);
  }

  private @Nullable String add(byte[] text, int from, int to, boolean escaped) {
    if (!escaped) {
      row.add(Arrays.copyOfRange(text, from, to));
      return null;
    }
    if (Arrays.equals(text, from, to, NULL, 0, NULL.length)) {
      row.add(null);
      return null;
    }
    byte[] plain = new byte[to - from];
    int length = 0;
    int at = from;
    while (at < to) {
      byte b = text[at++];
      if (b != '\\') {
        plain[length++] = b;
        continue;
      }
      if (at == to) {
        return "column " + (row.size() + 1) + " ends with a single backslash (write \\\\)";
      }
      b = text[at];
      int digits = digits(text, at, to);
      if (digits == 0) {
        plain[length++] = unescaped(b);
        at++;
      } else if (b == 'x') {
        plain[length++] = number(text, at + 1, digits, 16);
        at += 1 + digits;
      } else {
        plain[length++] = number(text, at, digits, 8);
        at += digits;
      }
    }
    row.add(Arrays.copyOf(plain, length));
    return null;
  }

  /** How many octal digits stand there (3 at most), or hexadecimal ones after an x (2 at most). */
  private static int digits(byte[] text, int at, int to) {
    boolean hexadecimal = text[at] == 'x';
    int radix = hexadecimal ? 16 : 8;
    int from = hexadecimal ? at + 1 : at;
    int most = Math.min(to - from, hexadecimal ? 2 : 3);
    int count = 0;
    while (count < most && Character.digit(text[from + count], radix) >= 0) {
      count++;
    }
    return count;
  }

  private static byte number(byte[] text, int from, int digits, int radix) {
    int number = 0;
    for (int i = from; i < from + digits; i++) {
      number = number * radix + Character.digit(text[i], radix);
    }
    return (byte) number;
  }

  private static byte unescaped(byte b) {
    return switch (b) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'v' -> 0x0b;
      default -> b;
    };
  }
}

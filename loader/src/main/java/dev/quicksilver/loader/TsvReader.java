package dev.quicksilver.loader;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;

/** PostgreSQL's COPY text format (PostgreSQL documentation, COPY, "Text Format"). */
final class TsvReader implements RowReader {
  private final BufferedReader lines;
  private long line;
  private String key = "";
  private String value = "";

  TsvReader(Reader reader) {
    lines = new BufferedReader(reader, 1 << 16);
  }

  @Override
  public boolean next() throws IOException, BadRow {
    String text = lines.readLine();
    line++;
    if (text == null || text.equals("\\.")) {
      return false;
    }
    int tab = text.indexOf('\t');
    if (tab < 0) {
      throw new BadRow(line, "there is no tab between a key and a value");
    }
    if (text.indexOf('\t', tab + 1) >= 0) {
      throw new BadRow(line, "there are more than two columns (write a tab in a value as \\t)");
    }
    key = unescape(text.substring(0, tab), "key");
    value = unescape(text.substring(tab + 1), "value");
    return true;
  }

  private String unescape(String text, String column) throws BadRow {
    int backslash = text.indexOf('\\');
    if (backslash < 0) {
      return text;
    }
    if (text.equals("\\N")) {
      throw new BadRow(line, "the " + column + " is NULL");
    }
    StringBuilder plain = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        plain.append(c);
        continue;
      }
      if (++i == text.length()) {
        throw new BadRow(line, "the " + column + " ends with a single backslash (write \\\\)");
      }
      char escaped = text.charAt(i);
      switch (escaped) {
        case 'b' -> plain.append('\b');
        case 'f' -> plain.append('\f');
        case 'n' -> plain.append('\n');
        case 'r' -> plain.append('\r');
        case 't' -> plain.append('\t');
        case 'v' -> plain.append('\u000B');
        case '0', '1', '2', '3', '4', '5', '6', '7', 'x' ->
            throw new BadRow(
                line,
                "the "
                    + column
                    + " has an octal or hexadecimal escape; write the character itself");
        default -> plain.append(escaped);
      }
    }
    return plain.toString();
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

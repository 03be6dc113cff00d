package dev.quicksilver.loader.read;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code ktremotemgr}, {@code kctreemgr}, {@code kchashmgr} and {@code kcpolymgr} print with
 * {@code list -pv}, and {@code -px} or not (Kyoto Cabinet and Tycoon, {@code proclist} and {@code
 * printdata} of their {@code cmdcommon.h}): a key, a tab, a value, a line feed. They escape
 * nothing, so that bytes can only be told from tabs and line ends with {@code -px}.
 */
final class KyotoLinesReader extends LinesReader {
  private static final byte TAB = '\t';

  private final Columns columns;
  private final boolean hex;
  private final ExpirationTimes times;

  KyotoLinesReader(Lines lines, Columns columns, boolean hex, Expiry expiry) throws IOException {
    super(lines);
    this.columns = columns;
    this.hex = hex;
    times = new ExpirationTimes(expiry);
    columns.requireKeyAndValue();
  }

  @Override
  public Expirations expirations() {
    return times.count();
  }

  @Override
  public @Nullable SourceRecord next() throws IOException {
    while (lines.next()) {
      if (lines.isTooLong()) {
        return SourceRecord.bad(lines.take(), Readers.TOO_LONG);
      }
      byte[] text = lines.buffer();
      int from = lines.start();
      int end = hex ? lines.contentEnd() : lines.end() - 1;
      if (text[lines.end() - 1] != '\n') {
        return SourceRecord.bad(
            lines.take(), "its line has no end, which Kyoto's programs write: the list is cut");
      }
      int tab = Scan.indexOf(text, from, end, TAB);
      String problem = problem(text, from, tab, end);
      if (problem != null) {
        return SourceRecord.bad(lines.take(), problem);
      }
      byte[] key = bytes(text, from, tab);
      ExpirationTimes.Result value = times.apply(bytes(text, tab + 1, end), "line", lines.number());
      if (value.problem() != null) {
        return SourceRecord.bad(lines.take(), value.problem());
      }
      if (value.value() != null) {
        return new SourceRecord(lines.take(), columns.of(List.of(key, value.value())), null);
      }
      lines.skip();
    }
    return null;
  }

  private @Nullable String problem(byte[] text, int from, int tab, int end) {
    if (tab < 0) {
      return "there is no tab: list keys with their values (-pv)"
          + (hex ? "" : "; where line breaks stand in them, with -px (--format kyoto-hex)");
    }
    if (Scan.indexOf(text, tab + 1, end, TAB) >= 0) {
      return hex
          ? "there is more than one tab: list without expiration times (no -pt)"
          : "there is more than one tab, so where its key ends cannot be told: list with -px"
              + " (--format kyoto-hex), and without -pt";
    }
    if (hex) {
      int wrong = notHex(text, from, tab);
      int wrongInValue = notHex(text, tab + 1, end);
      if (wrong >= 0 || wrongInValue >= 0) {
        return "byte "
            + ((wrong >= 0 ? wrong : wrongInValue) - from + 1)
            + " of the line is no part of two hexadecimal digits: --format kyoto-plain reads lists"
            + " that are made without -px";
      }
    }
    return null;
  }

  /** Where something else stands than pairs of digits, with one blank between them or none. */
  private static int notHex(byte[] text, int from, int end) {
    int at = from;
    while (at < end) {
      if (at > from && text[at] == ' ') {
        at++;
      }
      for (int i = 0; i < 2; i++) {
        if (at >= end || Character.digit(text[at], 16) < 0) {
          return Math.min(at, end);
        }
        at++;
      }
    }
    return -1;
  }

  private byte[] bytes(byte[] text, int from, int end) {
    if (!hex) {
      return Arrays.copyOfRange(text, from, end);
    }
    byte[] bytes = new byte[(end - from + 1) / 2];
    int length = 0;
    int at = from;
    while (at < end) {
      at += text[at] == ' ' ? 1 : 0;
      bytes[length++] =
          (byte) (Character.digit(text[at], 16) << 4 | Character.digit(text[at + 1], 16));
      at += 2;
    }
    return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
  }
}

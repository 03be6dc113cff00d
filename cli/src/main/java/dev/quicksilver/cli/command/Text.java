package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.Utf8;
import dev.quicksilver.storage.log.LogEntry;
import java.util.HexFormat;
import java.util.Locale;
import org.jline.utils.WCWidth;
import org.jspecify.annotations.Nullable;

/** Keys, values, entries and what others say, as people read them. */
public final class Text {
  private Text() {}

  /**
   * Returns an entry in one line: {@code 0023 SET "hello" "world"}, {@code 0024 DEL "hello"},
   * {@code 0025 CLEAR}. The sequence has at least four digits.
   */
  public static String entry(LogEntry entry) {
    String start = String.format(Locale.ROOT, "%04d %s", entry.sequence(), entry.operation());
    return switch (entry.operation()) {
      case SET -> start + " " + quoted(entry.key()) + " " + quoted(entry.value());
      case DEL -> start + " " + quoted(entry.key());
      case CLEAR -> start;
    };
  }

  /** Returns a count; {@code -} if it is not known. */
  public static String number(@Nullable Long count) {
    return count == null ? "-" : Long.toString(count);
  }

  /** Returns seconds to a tenth; {@code -} if they are not known. */
  public static String seconds(@Nullable Double seconds) {
    return seconds == null ? "-" : String.format(Locale.ROOT, "%.1f s", seconds);
  }

  /**
   * Returns bytes as a JSON string if they are UTF-8, else as hexadecimal digits after {@code \x},
   * which is how PostgreSQL writes them. The two cannot be confused: only the first has quotes.
   */
  public static String quoted(byte[] bytes) {
    return Utf8.text(bytes)
        .map(Text::quoted)
        .orElseGet(() -> "\\x" + HexFormat.of().formatHex(bytes));
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\b' -> out.append("\\b");
        case '\f' -> out.append("\\f");
        default -> {
          if (c == '\u2028' || c == '\u2029') {
            escape(c, out);
          } else {
            append(c, out);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  /**
   * Returns lines with what would tell a terminal something as JSON writes it: what is shown of
   * them is what they are. Lines stay lines.
   */
  static String escaped(String lines) {
    StringBuilder out = new StringBuilder(lines.length());
    for (int i = 0; i < lines.length(); i++) {
      char c = lines.charAt(i);
      if (c == '\n' || c == '\t') {
        out.append(c);
      } else {
        append(c, out);
      }
    }
    return out.toString();
  }

  private static void append(char c, StringBuilder out) {
    if (Character.isISOControl(c)) {
      escape(c, out);
    } else {
      out.append(c);
    }
  }

  private static void escape(char c, StringBuilder out) {
    out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
  }

  /**
   * Returns a line, or a part of one, with a question mark for all that has no place of its own in
   * it. What comes from another machine must not be able to tell the terminal anything.
   */
  public static String clean(String text) {
    if (isPlain(text)) {
      return text;
    }
    StringBuilder clean = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> clean.appendCodePoint(Character.isDefined(c) && WCWidth.wcwidth(c) > 0 ? c : '?'));
    return clean.toString();
  }

  /** Returns how many columns of a terminal a clean text takes. */
  static int width(String text) {
    return isPlain(text) ? text.length() : text.codePoints().map(WCWidth::wcwidth).sum();
  }

  private static boolean isPlain(String text) {
    return text.chars().allMatch(c -> c >= ' ' && c < 127);
  }
}

package dev.quicksilver.cli.command;

import dev.quicksilver.storage.log.LogEntry;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Keys, values and entries as people read them. */
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

  /** Returns the text that these bytes are; empty if they are no UTF-8. */
  static Optional<String> utf8(byte[] bytes) {
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns bytes as a JSON string if they are UTF-8, else as hexadecimal digits after {@code \x},
   * which is how PostgreSQL writes them. The two cannot be confused: only the first has quotes.
   */
  public static String quoted(byte[] bytes) {
    return utf8(bytes).map(Text::quoted).orElseGet(() -> "\\x" + HexFormat.of().formatHex(bytes));
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
          if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }
}

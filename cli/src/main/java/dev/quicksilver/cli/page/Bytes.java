package dev.quicksilver.cli.page;

import dev.quicksilver.cli.process.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/**
 * A key or a value as the page shows it: text if it is UTF-8, else hexadecimal digits after {@code
 * \x}.
 *
 * @param note its size, and what is not shown of it
 */
record Bytes(String text, String note) {
  /** Characters of a value beside others. */
  static final int SHORT = 120;

  /** Characters of a value that is looked at. */
  static final int LONG = 4_096;

  /** A character of UTF-8 takes no more bytes. */
  private static final int LONGEST_CHARACTER = 4;

  private static final String ROLE = "role:";

  static Bytes ofKey(byte[] key) {
    Optional<String> text = Utf8.text(key);
    return new Bytes(
        text.map(string -> Shown.cut(string, 511)).orElseGet(() -> "\\x" + hex(key, 511)), "");
  }

  /**
   * A value. That of a role in the catalog is a password's verifier, which is no matter for a
   * screen.
   *
   * @param longest characters that are shown
   */
  static Bytes ofValue(String database, byte[] key, byte[] value, int longest) {
    String size = Shown.count(value.length, "byte", "bytes");
    if (database.equals(Overview.CATALOG)
        && new String(key, StandardCharsets.ISO_8859_1).startsWith(ROLE)) {
      return new Bytes("", size + ", not shown here: they verify a role's password");
    }
    boolean cut = value.length > longest * LONGEST_CHARACTER;
    Optional<String> text =
        Utf8.text(cut ? wholeCharacters(value, longest * LONGEST_CHARACTER) : value);
    if (text.isEmpty()) {
      int bytes = Math.min(value.length, longest / 2);
      return new Bytes(
          "\\x" + hex(value, bytes),
          bytes < value.length
              ? size + " that are no UTF-8; the first " + bytes + " are shown"
              : size);
    }
    boolean more = cut || text.get().codePointCount(0, text.get().length()) > longest;
    return new Bytes(
        Shown.lines(text.get(), longest),
        more
            ? String.format(Locale.ROOT, "%s; the first %,d characters are shown", size, longest)
            : size);
  }

  /** Returns it where there is one line for it. */
  String inOneLine() {
    return text.isEmpty() ? note : Shown.name(text);
  }

  /** Cuts before a character, not within one. */
  private static byte[] wholeCharacters(byte[] bytes, int length) {
    int end = length;
    while (end > length - LONGEST_CHARACTER && (bytes[end] & 0xc0) == 0x80) {
      end--;
    }
    return Arrays.copyOf(bytes, end);
  }

  private static String hex(byte[] bytes, int most) {
    return HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, most));
  }
}

package dev.quicksilver.bridge.seek;

import java.nio.charset.StandardCharsets;

/** What a regular expression says of the beginning of a text, if that is plain to see. */
final class RegexPrefix {
  private RegexPrefix() {}

  /** The bytes that every matching text begins with; empty if that is not certain. */
  static byte[] of(String regex) {
    if (!regex.startsWith("^") || regex.contains("|") || regex.contains("(?")) {
      return new byte[0];
    }
    var prefix = new StringBuilder();
    int at = 1;
    while (at < regex.length()) {
      boolean dot = regex.startsWith("\\.", at);
      if (!dot && !isPlain(regex.charAt(at))) {
        break;
      }
      prefix.append(dot ? '.' : regex.charAt(at));
      at += dot ? 2 : 1;
    }
    boolean optional = at < regex.length() && "*?{".indexOf(regex.charAt(at)) >= 0;
    if (optional && !prefix.isEmpty()) {
      prefix.setLength(prefix.length() - 1);
    }
    return prefix.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static boolean isPlain(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == ' '
        || c == '_'
        || c == '-';
  }
}

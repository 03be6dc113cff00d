package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Functions of text; positions and lengths count code points. Case is ASCII only, as under "C". */
final class Strings {
  private Strings() {}

  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  static int octets(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : Character.isSurrogate(c) ? 2 : 3;
    }
    return bytes;
  }

  static String lower(String text) {
    return map(text, 'A', 'Z', 32);
  }

  static String upper(String text) {
    return map(text, 'a', 'z', -32);
  }

  private static String map(String text, char from, char to, int shift) {
    char[] characters = text.toCharArray();
    for (int i = 0; i < characters.length; i++) {
      char c = characters[i];
      if (c >= from && c <= to) {
        characters[i] = (char) (c + shift);
      }
    }
    return new String(characters);
  }

  static String substring(String text, long start) {
    return slice(text, Math.max(start, 1) - 1, Long.MAX_VALUE);
  }

  static String substring(String text, long start, long count) {
    if (count < 0) {
      throw PgException.of(SqlState.SUBSTRING_ERROR, "negative substring length not allowed");
    }
    return slice(text, Math.max(start, 1) - 1, Math.max(start + count, 1) - 1);
  }

  /** Code points from (inclusive) to (exclusive), clipped. */
  static String slice(String text, long from, long to) {
    int length = length(text);
    int begin = (int) Math.min(from, length);
    int end = (int) Math.min(Math.max(to, from), length);
    return text.substring(text.offsetByCodePoints(0, begin), text.offsetByCodePoints(0, end));
  }

  static String left(String text, int count) {
    return slice(text, 0, count >= 0 ? count : Math.max(0, length(text) + (long) count));
  }

  static String right(String text, int count) {
    int length = length(text);
    return slice(text, count >= 0 ? Math.max(0, length - (long) count) : -(long) count, length);
  }

  static int position(String text, String part) {
    int index = text.indexOf(part);
    return index < 0 ? 0 : text.codePointCount(0, index) + 1;
  }

  static String replace(String text, String from, String to) {
    return from.isEmpty() ? text : text.replace(from, to);
  }

  static String reverse(String text) {
    return new StringBuilder(text).reverse().toString();
  }

  static String repeat(String text, int count) {
    long size = (long) octets(text) * Math.max(count, 0);
    if (size > 64L << 20) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "requested length too large");
    }
    return text.repeat(Math.max(count, 0));
  }

  static String splitPart(String text, String separator, int field) {
    if (field == 0) {
      throw PgException.of(SqlState.INVALID_PARAMETER_VALUE, "field position must not be zero");
    }
    if (text.isEmpty()) {
      return "";
    }
    if (separator.isEmpty()) {
      return field == 1 || field == -1 ? text : "";
    }
    String[] parts = text.split(java.util.regex.Pattern.quote(separator), -1);
    int index = field > 0 ? field - 1 : parts.length + field;
    return index >= 0 && index < parts.length ? parts[index] : "";
  }

  static String trim(String text, String characters, boolean start, boolean end) {
    int from = 0;
    int to = text.length();
    while (start && from < to && characters.indexOf(text.codePointAt(from)) >= 0) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (end && to > from && characters.indexOf(text.codePointBefore(to)) >= 0) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  static String pad(String text, int length, String fill, boolean left) {
    int have = length(text);
    if (length <= have) {
      return slice(text, 0, Math.max(length, 0));
    }
    if (fill.isEmpty()) {
      return text;
    }
    int missing = length - have;
    if (missing > 16 << 20) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "requested length too large");
    }
    String padding = slice(fill.repeat(missing / length(fill) + 1), 0, missing);
    return left ? padding + text : text + padding;
  }

  static String translate(String text, String from, String to) {
    int[] source = from.codePoints().toArray();
    int[] target = to.codePoints().toArray();
    var out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              for (int i = 0; i < source.length; i++) {
                if (source[i] == c) {
                  if (i < target.length) {
                    out.appendCodePoint(target[i]);
                  }
                  return;
                }
              }
              out.appendCodePoint(c);
            });
    return out.toString();
  }

  static String initcap(String text) {
    var out = new StringBuilder(text.length());
    boolean start = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (letter) {
        out.append((char) (start ? c & ~32 : c | 32));
      } else {
        out.append(c);
      }
      start = !letter && !(c >= '0' && c <= '9');
    }
    return out.toString();
  }

  static int ascii(String text) {
    return text.isEmpty() ? 0 : text.codePointAt(0);
  }

  static String md5(byte[] bytes) {
    return HexFormat.of().formatHex(digest("MD5", bytes));
  }

  static byte[] digest(String algorithm, byte[] bytes) {
    try {
      return MessageDigest.getInstance(algorithm).digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

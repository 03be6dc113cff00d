package dev.quicksilver.bridge.sql;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Backslash escapes of {@code E'…'} strings. */
final class Escapes {
  private Escapes() {}

  /** Decodes the escape whose backslash stands before {@code at}; returns the offset after it. */
  static int decode(String sql, int at, StringBuilder into) {
    if (at >= sql.length()) {
      throw PgException.of(SqlState.SYNTAX_ERROR, "unterminated quoted string").at(at);
    }
    char c = sql.charAt(at);
    switch (c) {
      case 'b' -> into.append('\b');
      case 'f' -> into.append('\f');
      case 'n' -> into.append('\n');
      case 'r' -> into.append('\r');
      case 't' -> into.append('\t');
      case 'u' -> {
        return unicode(sql, at + 1, 4, into);
      }
      case 'U' -> {
        return unicode(sql, at + 1, 8, into);
      }
      case 'x', '0', '1', '2', '3', '4', '5', '6', '7' -> {
        if (c != 'x' || (at + 1 < sql.length() && Character.digit(sql.charAt(at + 1), 16) >= 0)) {
          return bytes(sql, at, into);
        }
        into.append(c);
      }
      default -> into.append(c);
    }
    return at + 1;
  }

  private static int unicode(String sql, int at, int digits, StringBuilder into) {
    try {
      int codePoint = Integer.parseUnsignedInt(sql, at, at + digits, 16);
      into.appendCodePoint(codePoint);
      return at + digits;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw PgException.of(SqlState.INVALID_ESCAPE_SEQUENCE, "invalid Unicode escape", e).at(at);
    }
  }

  /** One or more adjacent byte escapes that together must be valid UTF-8. */
  private static int bytes(String sql, int start, StringBuilder into) {
    var bytes = new ByteArrayOutputStream();
    int at = start;
    while (true) {
      int radix = sql.charAt(at) == 'x' ? 16 : 8;
      int from = radix == 16 ? at + 1 : at;
      int end = from;
      int limit = Math.min(sql.length(), from + (radix == 16 ? 2 : 3));
      while (end < limit && Character.digit(sql.charAt(end), radix) >= 0) {
        end++;
      }
      bytes.write(Integer.parseInt(sql, from, end, radix));
      at = end;
      if (at + 1 >= sql.length()
          || sql.charAt(at) != '\\'
          || "x01234567".indexOf(sql.charAt(at + 1)) < 0) {
        break;
      }
      at++;
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.toByteArray()))
              .toString();
      if (text.indexOf('\0') >= 0) {
        throw new CharacterCodingException();
      }
      into.append(text);
    } catch (CharacterCodingException e) {
      throw PgException.of(
          SqlState.CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\"", e);
    }
    return at;
  }
}

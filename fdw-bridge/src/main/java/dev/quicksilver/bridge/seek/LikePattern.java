package dev.quicksilver.bridge.seek;

import java.io.ByteArrayOutputStream;

/**
 * A pattern of LIKE or ILIKE over UTF-8, with backslash as its escape character, as PostgreSQL
 * matches in collation "C": {@code _} is one character, and ILIKE folds the letters of ASCII.
 *
 * <p>The pattern is compiled to one int a byte or wildcard.
 */
final class LikePattern {
  private static final int ONE = -1;
  private static final int ANY = -2;

  private final int[] elements;
  private final boolean folded;

  private LikePattern(int[] elements, boolean folded) {
    this.elements = elements;
    this.folded = folded;
  }

  /**
   * Compiles a pattern.
   *
   * @param folded whether the case of ASCII letters does not count
   */
  static LikePattern of(byte[] pattern, boolean folded) {
    int[] elements = new int[pattern.length];
    int count = 0;
    for (int i = 0; i < pattern.length; i++) {
      byte c = pattern[i];
      if (c == '%') {
        if (count == 0 || elements[count - 1] != ANY) {
          elements[count++] = ANY;
        }
      } else if (c == '_') {
        elements[count++] = ONE;
      } else {
        if (c == '\\') {
          i++;
          if (i == pattern.length) {
            throw new Outside("a pattern that ends with its escape character");
          }
        }
        elements[count++] = folded ? fold(pattern[i]) : pattern[i] & 0xff;
      }
    }
    return new LikePattern(java.util.Arrays.copyOf(elements, count), folded);
  }

  private static int fold(byte c) {
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c & 0xff;
  }

  /** Whether a text matches. */
  boolean matches(byte[] buffer, int offset, int length) {
    int end = offset + length;
    int at = offset;
    int element = 0;
    int afterAny = -1;
    int retry = 0;
    while (true) {
      if (element < elements.length && elements[element] == ANY) {
        afterAny = ++element;
        if (afterAny == elements.length) {
          return true;
        }
        retry = at;
        continue;
      }
      if (at == end) {
        if (element == elements.length) {
          return true;
        }
        return false;
      }
      if (element < elements.length && elements[element] == ONE) {
        at = nextCharacter(buffer, at, end);
        element++;
      } else if (element < elements.length
          && elements[element] == (folded ? fold(buffer[at]) : buffer[at] & 0xff)) {
        at++;
        element++;
      } else {
        if (afterAny < 0) {
          return false;
        }
        retry = nextCharacter(buffer, retry, end);
        at = retry;
        element = afterAny;
      }
    }
  }

  private static int nextCharacter(byte[] buffer, int at, int end) {
    int next = at + 1;
    while (next < end && (buffer[next] & 0xc0) == 0x80) {
      next++;
    }
    return next;
  }

  /** The bytes that every matching text begins with. */
  byte[] prefix() {
    var prefix = new ByteArrayOutputStream();
    for (int element : elements) {
      if (element < 0 || (folded && element >= 'a' && element <= 'z')) {
        break;
      }
      prefix.write(element);
    }
    return prefix.toByteArray();
  }

  /** Whether every text that begins with the prefix matches. */
  boolean isPrefix() {
    return elements.length == prefix().length + 1 && elements[elements.length - 1] == ANY;
  }

  /** Whether the prefix alone matches. */
  boolean isWhole() {
    return elements.length == prefix().length;
  }
}

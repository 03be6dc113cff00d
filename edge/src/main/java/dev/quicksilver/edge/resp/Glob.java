package dev.quicksilver.edge.resp;

import java.util.Arrays;

/**
 * A pattern as of SCAN's MATCH and of PSUBSCRIBE: {@code *}, {@code ?}, {@code [a-c]}, {@code
 * [^x]}, and a backslash before what is meant as it is. Of bytes, as keys are. Immutable.
 */
final class Glob {
  private static final int LONGEST = 1024;

  private final byte[] pattern;

  /**
   * Takes a pattern.
   *
   * @throws RespException if it is much longer than any key: to look at it takes time
   */
  Glob(byte[] pattern) {
    if (pattern.length > LONGEST) {
      throw new RespException("ERR a pattern has at most " + LONGEST + " bytes");
    }
    this.pattern = pattern;
  }

  byte[] pattern() {
    return pattern;
  }

  /** Returns the bytes that each match begins with. */
  byte[] prefix() {
    byte[] prefix = new byte[pattern.length];
    int length = 0;
    for (int i = 0; i < pattern.length; i++) {
      byte each = pattern[i];
      if (each == '*' || each == '?' || each == '[') {
        break;
      }
      if (each == '\\' && i + 1 < pattern.length) {
        each = pattern[++i];
      }
      prefix[length++] = each;
    }
    return Arrays.copyOf(prefix, length);
  }

  /** Whether some bytes match as a whole. At most as many steps as both lengths multiplied. */
  boolean matches(byte[] text, int from, int to) {
    int p = 0;
    int t = from;
    int star = -1;
    int resume = from;
    while (t < to) {
      if (p < pattern.length && pattern[p] == '*') {
        star = p++;
        resume = t;
        continue;
      }
      int next = p < pattern.length ? one(p, text[t]) : -1;
      if (next >= 0) {
        p = next;
        t++;
      } else if (star >= 0) {
        p = star + 1;
        t = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length && pattern[p] == '*') {
      p++;
    }
    return p == pattern.length;
  }

  /** Where the pattern goes on if its part at a place matches a byte; negative if it does not. */
  private int one(int place, byte text) {
    return switch (pattern[place]) {
      case '?' -> place + 1;
      case '[' -> oneOf(place + 1, text);
      case '\\' -> {
        int literal = place + 1 < pattern.length ? place + 1 : place;
        yield pattern[literal] == text ? literal + 1 : -1;
      }
      default -> pattern[place] == text ? place + 1 : -1;
    };
  }

  private int oneOf(int place, byte text) {
    int p = place;
    boolean not = p < pattern.length && pattern[p] == '^';
    if (not) {
      p++;
    }
    int wanted = text & 0xFF;
    boolean found = false;
    while (p < pattern.length && pattern[p] != ']') {
      if (pattern[p] == '\\' && p + 1 < pattern.length) {
        p++;
      }
      int low = pattern[p] & 0xFF;
      int high = low;
      if (p + 2 < pattern.length && pattern[p + 1] == '-') {
        p += 2;
        high = pattern[p] & 0xFF;
      }
      found |= Math.min(low, high) <= wanted && wanted <= Math.max(low, high);
      p++;
    }
    int after = Math.min(p + 1, pattern.length);
    return found != not ? after : -1;
  }
}

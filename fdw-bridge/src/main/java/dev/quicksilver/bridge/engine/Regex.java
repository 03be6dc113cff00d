package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates PostgreSQL's advanced regular expressions into java.util.regex.
 *
 * <p>Only constructs that mean the same in both are let through; the rest is 0A000. For a test of
 * matching (not for the place of the match) backtracking and POSIX rules agree on these.
 */
final class Regex {
  private Regex() {}

  static Pattern compile(String regex, boolean insensitive) {
    if (regex.startsWith("***") || regex.startsWith("(?")) {
      throw PgException.unsupported("regular expression directors");
    }
    String translated = translate(regex);
    try {
      return Pattern.compile(
          translated, Pattern.DOTALL | (insensitive ? Pattern.CASE_INSENSITIVE : 0));
    } catch (PatternSyntaxException e) {
      throw PgException.of(
          SqlState.INVALID_REGULAR_EXPRESSION,
          "invalid regular expression: " + e.getDescription(),
          e);
    }
  }

  private static String translate(String regex) {
    var out = new StringBuilder();
    int i = 0;
    while (i < regex.length()) {
      char c = regex.charAt(i);
      switch (c) {
        case '^' -> out.append("\\A");
        case '$' -> out.append("\\z");
        case '\\' -> {
          i++;
          escape(regex, i, out);
        }
        case '[' -> i = bracket(regex, i, out);
        case '{' -> {
          int close = regex.indexOf('}', i);
          if (close < 0 || !regex.substring(i, close + 1).matches("\\{\\d{1,3}(,\\d{0,3})?\\}")) {
            throw PgException.of(
                SqlState.INVALID_REGULAR_EXPRESSION,
                "invalid regular expression: invalid repetition count(s)");
          }
          out.append(regex, i, close + 1);
          i = close;
          refuseDouble(regex, i);
        }
        case '*', '+', '?' -> {
          if (i == 0 || "(|^".indexOf(regex.charAt(i - 1)) >= 0) {
            throw PgException.of(
                SqlState.INVALID_REGULAR_EXPRESSION,
                "invalid regular expression: quantifier operand invalid");
          }
          out.append(c);
          refuseDouble(regex, i);
        }
        case '(' -> {
          if (regex.startsWith("(?", i) && !regex.startsWith("(?:", i)) {
            throw PgException.unsupported("regular expression look-around");
          }
          out.append(c);
        }
        case '&',
            '#',
            ' ',
            '-',
            '"',
            '\'',
            ',',
            '/',
            ':',
            ';',
            '<',
            '=',
            '>',
            '@',
            '_',
            '`',
            '~',
            '!',
            '%' ->
            out.append(c);
        default -> out.append(c);
      }
      i++;
    }
    return out.toString();
  }

  /** A quantifier may be followed by ? (non-greedy) but not by another one: possessive in Java. */
  private static void refuseDouble(String regex, int i) {
    if (i + 1 < regex.length() && "*+{".indexOf(regex.charAt(i + 1)) >= 0) {
      throw PgException.of(
          SqlState.INVALID_REGULAR_EXPRESSION,
          "invalid regular expression: quantifier operand invalid");
    }
  }

  private static void escape(String regex, int i, StringBuilder out) {
    if (i >= regex.length()) {
      throw PgException.of(
          SqlState.INVALID_REGULAR_EXPRESSION,
          "invalid regular expression: invalid escape \\ sequence");
    }
    char c = regex.charAt(i);
    if (Character.isLetterOrDigit(c)) {
      switch (c) {
        case 'd', 'D', 'w', 'W', 's', 'S', 't', 'n', 'r', 'f' -> out.append('\\').append(c);
        default -> throw PgException.unsupported("the regular expression escape \\" + c);
      }
    } else {
      out.append('\\').append(c);
    }
  }

  private static int bracket(String regex, int start, StringBuilder out) {
    int i = start + 1;
    out.append('[');
    if (i < regex.length() && regex.charAt(i) == '^') {
      out.append('^');
      i++;
    }
    boolean first = true;
    while (i < regex.length()) {
      char c = regex.charAt(i);
      if (c == ']' && !first) {
        out.append(']');
        return i;
      }
      first = false;
      if (c == '[' && i + 1 < regex.length() && ":.=".indexOf(regex.charAt(i + 1)) >= 0) {
        i = characterClass(regex, i, out);
      } else if (c == '\\') {
        i++;
        escape(regex, i, out);
      } else if (c == '-') {
        boolean literal = out.charAt(out.length() - 1) == '[' || regex.startsWith("]", i + 1);
        out.append(literal ? "\\-" : "-");
      } else {
        if ("[]&^".indexOf(c) >= 0) {
          out.append('\\');
        }
        out.append(c);
      }
      i++;
    }
    throw PgException.of(
        SqlState.INVALID_REGULAR_EXPRESSION,
        "invalid regular expression: brackets [] not balanced");
  }

  private static int characterClass(String regex, int start, StringBuilder out) {
    int close = regex.indexOf(":]", start);
    if (regex.charAt(start + 1) != ':' || close < 0) {
      throw PgException.unsupported("collating elements in regular expressions");
    }
    String name = regex.substring(start + 2, close);
    out.append(
        switch (name) {
          case "alpha" -> "\\p{Alpha}";
          case "digit" -> "\\p{Digit}";
          case "alnum" -> "\\p{Alnum}";
          case "upper" -> "\\p{Upper}";
          case "lower" -> "\\p{Lower}";
          case "punct" -> "\\p{Punct}";
          case "space" -> "\\s";
          case "blank" -> " \\t";
          case "xdigit" -> "\\p{XDigit}";
          default ->
              throw PgException.of(
                  SqlState.INVALID_REGULAR_EXPRESSION,
                  "invalid regular expression: invalid character class");
        });
    return close + 1;
  }

  /**
   * The fixed text that every match of a pattern anchored with ^ begins with; empty if there is
   * none.
   */
  static String fixedPrefix(String regex) {
    if (!regex.startsWith("^") || regex.indexOf('|') >= 0) {
      return "";
    }
    var fixed = new StringBuilder();
    int i = 1;
    while (i < regex.length()) {
      char c = regex.charAt(i);
      int next = i + 1;
      if (c == '\\' && next < regex.length() && !Character.isLetterOrDigit(regex.charAt(next))) {
        c = regex.charAt(next++);
      } else if ("\\^$.[]()*+?{}".indexOf(c) >= 0) {
        break;
      }
      if (next < regex.length() && "*?{".indexOf(regex.charAt(next)) >= 0) {
        break;
      }
      fixed.append(c);
      i = next;
    }
    int length = fixed.length();
    if (length > 0 && Character.isHighSurrogate(fixed.charAt(length - 1))) {
      fixed.setLength(length - 1);
    }
    return fixed.toString();
  }
}

package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Type;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;

/** LIKE, ILIKE, regular expressions and {@code ^@} on text under the "C" collation. */
final class Matching {
  private Matching() {}

  static Expr of(String operator, Expr left, Expr right) {
    boolean negated = operator.startsWith("!");
    boolean insensitive = operator.endsWith("*");
    if (operator.equals("^@")) {
      return Expr.strict(
          operator, Type.BOOL, left, right, (a, b) -> ((String) a).startsWith((String) b));
    }
    if (operator.contains("~~")) {
      return Expr.strict(
          operator,
          Type.BOOL,
          left,
          right,
          (a, b) ->
              like(
                      insensitive ? Strings.lower((String) a) : (String) a,
                      insensitive ? Strings.lower((String) b) : (String) b)
                  != negated);
    }
    if (right instanceof Expr.Constant constant && constant.value() != null) {
      Pattern pattern = Regex.compile((String) constant.value(), insensitive);
      return Expr.strict(
          operator,
          Type.BOOL,
          left,
          right,
          (a, b) -> pattern.matcher((String) a).find() != negated);
    }
    BiPredicate<String, String> find =
        (text, regex) -> Regex.compile(regex, insensitive).matcher(text).find();
    return Expr.strict(
        operator, Type.BOOL, left, right, (a, b) -> find.test((String) a, (String) b) != negated);
  }

  /** LIKE with backslash as the escape character. */
  static boolean like(String text, String pattern) {
    int t = 0;
    int p = 0;
    int star = -1;
    int mark = 0;
    while (true) {
      if (p < pattern.length() && pattern.charAt(p) == '%') {
        star = p++;
        mark = t;
      } else if (t < text.length() && matchesOne(text, t, pattern, p)) {
        t += pattern.charAt(p) == '_' ? Character.charCount(text.codePointAt(t)) : 1;
        p += pattern.charAt(p) == '\\' ? 2 : 1;
      } else if (t >= text.length() && p >= pattern.length()) {
        return true;
      } else {
        if (p == pattern.length() - 1 && pattern.charAt(p) == '\\') {
          throw PgException.of(
              SqlState.INVALID_ESCAPE_SEQUENCE, "LIKE pattern must not end with escape character");
        }
        if (star < 0 || mark >= text.length()) {
          return false;
        }
        mark += Character.charCount(text.codePointAt(mark));
        t = mark;
        p = star + 1;
      }
    }
  }

  private static boolean matchesOne(String text, int t, String pattern, int p) {
    if (p >= pattern.length()) {
      return false;
    }
    char c = pattern.charAt(p);
    if (c == '_') {
      return true;
    }
    if (c != '\\') {
      return text.charAt(t) == c;
    }
    return p + 1 < pattern.length() && text.charAt(t) == pattern.charAt(p + 1);
  }

  /** The fixed beginning of a LIKE pattern and whether it is followed by nothing or only by %. */
  static Prefix likePrefix(String pattern) {
    var fixed = new StringBuilder();
    int i = 0;
    while (i < pattern.length()) {
      char c = pattern.charAt(i);
      if (c == '%' || c == '_') {
        boolean only = pattern.substring(i).chars().allMatch(rest -> rest == '%');
        return new Prefix(fixed.toString(), false, only);
      }
      if (c == '\\') {
        i++;
        if (i == pattern.length()) {
          return new Prefix(fixed.toString(), false, false);
        }
        c = pattern.charAt(i);
      }
      fixed.append(c);
      i++;
    }
    return new Prefix(fixed.toString(), true, true);
  }

  /**
   * What a pattern says about the beginning of a text.
   *
   * @param whole the text must equal {@code fixed}
   * @param exact every text that starts with {@code fixed} (or equals it) matches
   */
  record Prefix(String fixed, boolean whole, boolean exact) {}
}

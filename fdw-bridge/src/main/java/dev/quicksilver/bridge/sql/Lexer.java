package dev.quicksilver.bridge.sql;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Splits SQL into tokens by the rules of PostgreSQL's scan.l (standard_conforming_strings on). */
final class Lexer {
  private static final String OPERATOR_CHARACTERS = "+-*/<>=~!@#%^&|`?";

  /** More would take the memory of all sessions: a token and what is made of it are 200 bytes. */
  static final int MOST = 50_000;

  /** NAMEDATALEN without its zero byte. */
  private static final int MAX_NAME = 63;

  private final String sql;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private Lexer(String sql) {
    this.sql = sql;
  }

  /**
   * All tokens, the last of kind END.
   *
   * @throws PgException if there is something that is no token, or more than {@link #MOST} are
   */
  static List<Token> tokens(String sql) {
    var lexer = new Lexer(sql);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    skipBlanks();
    while (at < sql.length()) {
      char c = sql.charAt(at);
      if (c == '\'') {
        string(at, false);
      } else if ((c == 'e' || c == 'E') && peek(1) == '\'') {
        at++;
        string(at - 1, true);
      } else if ((c == 'b' || c == 'B' || c == 'x' || c == 'X') && peek(1) == '\'') {
        throw PgException.unsupported("bit string literals").at(at);
      } else if (c == '"') {
        quotedIdentifier();
      } else if (startsName(c)) {
        word();
      } else if (isDigit(c) || (c == '.' && isDigit(peek(1)))) {
        number();
      } else if (c == '$') {
        dollar();
      } else if (c == ':' && peek(1) == ':') {
        add(Token.Kind.PUNCTUATION, "::", at, at + 2);
      } else if ("()[],;.:".indexOf(c) >= 0) {
        add(Token.Kind.PUNCTUATION, String.valueOf(c), at, at + 1);
      } else if (OPERATOR_CHARACTERS.indexOf(c) >= 0) {
        operator();
      } else {
        throw syntax("syntax error at or near \"" + c + "\"", at);
      }
      skipBlanks();
    }
    add(Token.Kind.END, "", sql.length(), sql.length());
  }

  private void add(Token.Kind kind, String text, int start, int end) {
    if (tokens.size() >= MOST) {
      throw PgException.unsupported("more than " + MOST + " tokens").at(start);
    }
    tokens.add(new Token(kind, text, start, end));
    at = end;
  }

  private char peek(int ahead) {
    return at + ahead < sql.length() ? sql.charAt(at + ahead) : '\0';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static PgException syntax(String message, int position) {
    return PgException.of(SqlState.SYNTAX_ERROR, message).at(position);
  }

  private void skipBlanks() {
    while (at < sql.length()) {
      char c = sql.charAt(at);
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0x0b) {
        at++;
      } else if (c == '-' && peek(1) == '-') {
        while (at < sql.length() && sql.charAt(at) != '\n' && sql.charAt(at) != '\r') {
          at++;
        }
      } else if (c == '/' && peek(1) == '*') {
        blockComment();
      } else {
        return;
      }
    }
  }

  private void blockComment() {
    int start = at;
    int depth = 0;
    do {
      if (at >= sql.length()) {
        throw syntax("unterminated /* comment", start);
      }
      if (sql.startsWith("/*", at)) {
        depth++;
        at += 2;
      } else if (sql.startsWith("*/", at)) {
        depth--;
        at += 2;
      } else {
        at++;
      }
    } while (depth > 0);
  }

  /**
   * A quoted string; {@code at} is on the opening quote. Literals on following lines are joined.
   */
  private void string(int start, boolean escapes) {
    var text = new StringBuilder();
    while (true) {
      quotedPart(start, escapes, text);
      int end = at;
      skipBlanks();
      String between = sql.substring(end, at);
      if (at < sql.length() && sql.charAt(at) == '\'' && between.indexOf('\n') >= 0) {
        if (between.contains("/*")) { // which PostgreSQL does not take for a blank here
          throw syntax("syntax error at or near \"'\"", at);
        }
        continue;
      }
      add(Token.Kind.STRING, text.toString(), start, end);
      return;
    }
  }

  private void quotedPart(int start, boolean escapes, StringBuilder text) {
    at++;
    while (true) {
      if (at >= sql.length()) {
        throw syntax(
            "unterminated quoted string at or near \"" + sql.substring(start) + "\"", start);
      }
      char c = sql.charAt(at++);
      if (c == '\'') {
        if (peek(0) != '\'') {
          return;
        }
        text.append('\'');
        at++;
      } else if (c == '\\' && escapes) {
        at = Escapes.decode(sql, at, text);
      } else if (c == 0) {
        throw PgException.of(
            SqlState.CHARACTER_NOT_IN_REPERTOIRE,
            "invalid byte sequence for encoding \"UTF8\": 0x00");
      } else {
        text.append(c);
      }
    }
  }

  private void quotedIdentifier() {
    int start = at++;
    var text = new StringBuilder();
    while (true) {
      if (at >= sql.length()) {
        throw syntax(
            "unterminated quoted identifier at or near \"" + sql.substring(start) + "\"", start);
      }
      char c = sql.charAt(at++);
      if (c == '"') {
        if (peek(0) != '"') {
          break;
        }
        at++;
      }
      text.append(c);
    }
    if (text.isEmpty()) {
      throw syntax("zero-length delimited identifier at or near \"\"\"\"", start);
    }
    add(Token.Kind.QUOTED_IDENTIFIER, name(text.toString()), start, at);
  }

  /** PostgreSQL cuts longer names, with a notice. */
  private String name(String text) {
    if (text.length() > MAX_NAME / 4 && text.getBytes(StandardCharsets.UTF_8).length > MAX_NAME) {
      throw PgException.unsupported("names longer than " + MAX_NAME + " bytes").at(at);
    }
    return text;
  }

  /** In lower case as far as it is ASCII, as PostgreSQL folds in UTF-8. */
  private static String folded(String text) {
    var folded = new StringBuilder(text);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        folded.setCharAt(i, (char) (c + ('a' - 'A')));
      }
    }
    return folded.toString();
  }

  private void word() {
    int end = at;
    while (end < sql.length()) {
      char c = sql.charAt(end);
      if (!Character.isLetterOrDigit(c) && c != '_' && c != '$' && c < 0x80) {
        break;
      }
      end++;
    }
    String text = sql.substring(at, end);
    if (text.equalsIgnoreCase("u") && end < sql.length() && sql.charAt(end) == '&') {
      char next = end + 1 < sql.length() ? sql.charAt(end + 1) : '\0';
      if (next == '\'' || next == '"') {
        throw PgException.unsupported("U& literals").at(at);
      }
    }
    add(Token.Kind.WORD, name(folded(text)), at, end);
  }

  private void number() {
    int start = at;
    int end = digits(at);
    boolean decimal = false;
    if (end < sql.length() && sql.charAt(end) == '.' && !sql.startsWith("..", end)) {
      decimal = true;
      end = digits(end + 1);
    }
    if (end < sql.length() && (sql.charAt(end) == 'e' || sql.charAt(end) == 'E')) {
      int exponent = end + 1;
      if (exponent < sql.length() && "+-".indexOf(sql.charAt(exponent)) >= 0) {
        exponent++;
      }
      if (exponent < sql.length() && isDigit(sql.charAt(exponent))) {
        decimal = true;
        end = digits(exponent);
      }
    }
    if (end < sql.length() && startsName(sql.charAt(end))) {
      throw syntax(
          "trailing junk after numeric literal at or near \""
              + sql.substring(start, end + 1)
              + "\"",
          start);
    }
    add(decimal ? Token.Kind.DECIMAL : Token.Kind.INTEGER, sql.substring(start, end), start, end);
  }

  private int digits(int from) {
    int end = from;
    while (end < sql.length() && isDigit(sql.charAt(end))) {
      end++;
    }
    return end;
  }

  private void dollar() {
    if (isDigit(peek(1))) {
      int end = digits(at + 1);
      if (end < sql.length() && startsName(sql.charAt(end))) {
        throw syntax(
            "trailing junk after parameter at or near \"" + sql.substring(at, end + 1) + "\"", at);
      }
      add(Token.Kind.PARAMETER, sql.substring(at + 1, end), at, end);
      return;
    }
    int tagEnd = sql.indexOf('$', at + 1);
    String tag = tagEnd < 0 ? "" : sql.substring(at, tagEnd + 1);
    int close = tagEnd < 0 || !isTag(tag) ? -1 : sql.indexOf(tag, tagEnd + 1);
    if (close < 0) {
      throw syntax("unterminated dollar-quoted string at or near \"$\"", at);
    }
    add(Token.Kind.STRING, sql.substring(tagEnd + 1, close), at, close + tag.length());
  }

  /** Between the dollars stands nothing or a name without dollars. */
  private static boolean isTag(String tag) {
    for (int i = 1; i < tag.length() - 1; i++) {
      char c = tag.charAt(i);
      if (!startsName(c) && (i == 1 || !isDigit(c))) {
        return false;
      }
    }
    return true;
  }

  private static boolean startsName(char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
  }

  /**
   * The longest run of operator characters, shortened as PostgreSQL does before comments and signs.
   */
  private void operator() {
    int end = at;
    while (end < sql.length() && OPERATOR_CHARACTERS.indexOf(sql.charAt(end)) >= 0) {
      if (end > at && (sql.startsWith("--", end) || sql.startsWith("/*", end))) {
        break;
      }
      end++;
    }
    while (end - at > 1 && "+-".indexOf(sql.charAt(end - 1)) >= 0 && !hasSpecial(at, end)) {
      end--;
    }
    String text = sql.substring(at, end);
    add(Token.Kind.OPERATOR, text.equals("!=") ? "<>" : text, at, end);
  }

  private boolean hasSpecial(int from, int to) {
    for (int i = from; i < to; i++) {
      if ("~!@#%^&|`?".indexOf(sql.charAt(i)) >= 0) {
        return true;
      }
    }
    return false;
  }
}

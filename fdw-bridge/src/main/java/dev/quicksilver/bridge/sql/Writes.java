package dev.quicksilver.bridge.sql;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Looks for writes in a statement's tokens, before anything evaluates it. */
public final class Writes {
  private static final Set<String> BEFORE_UPDATE = Set.of("for", "do", "key", "on");

  private Writes() {}

  /**
   * The command with which a statement writes to one of our tables, wherever in it, or to what
   * outlives the session.
   *
   * @param ours whether a name stands for one of them
   * @param unqualified whether names without a schema may be ours
   */
  public static Optional<String> command(String sql, Predicate<String> ours, boolean unqualified) {
    List<Token> tokens = tokens(sql);
    if (altersRole(tokens)) {
      return Optional.of("ALTER ROLE");
    }
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.kind() != Token.Kind.WORD) {
        continue;
      }
      int target =
          switch (token.text()) {
            case "insert", "merge" -> after(tokens, i, "into");
            case "delete" -> after(tokens, i, "from");
            case "truncate" -> i > 0 ? -1 : tokens.get(1).isWord("table") ? 2 : 1;
            case "update" -> i > 0 && BEFORE_UPDATE.contains(tokens.get(i - 1).text()) ? -1 : i + 1;
            case "copy" -> i > 0 || !copiesIn(tokens) ? -1 : 1;
            default -> -1;
          };
      if (target >= 0 && isOurs(tokens, target, ours, unqualified)) {
        return Optional.of(token.text().toUpperCase(Locale.ROOT));
      }
    }
    return Optional.empty();
  }

  /** Whether a statement changes what later sessions of a user begin with. */
  private static boolean altersRole(List<Token> tokens) {
    return tokens.size() > 2
        && tokens.getFirst().isWord("alter")
        && (tokens.get(1).isWord("role") || tokens.get(1).isWord("user"))
        && !tokens.get(2).isWord("mapping");
  }

  private static List<Token> tokens(String sql) {
    try {
      return Lexer.tokens(sql);
    } catch (PgException e) {
      return List.of(); // PostgreSQL will not read it either
    }
  }

  private static int after(List<Token> tokens, int index, String word) {
    return index + 1 < tokens.size() && tokens.get(index + 1).isWord(word) ? index + 2 : -1;
  }

  private static boolean copiesIn(List<Token> tokens) {
    int index = name(tokens, 1);
    if (index < tokens.size() && tokens.get(index).isPunctuation("(")) {
      while (index < tokens.size() && !tokens.get(index).isPunctuation(")")) {
        index++;
      }
      index++;
    }
    return index < tokens.size() && tokens.get(index).isWord("from");
  }

  /** The index behind a possibly qualified name. */
  private static int name(List<Token> tokens, int index) {
    int at = index + 1;
    while (at + 1 < tokens.size() && tokens.get(at).isPunctuation(".")) {
      at += 2;
    }
    return at;
  }

  private static boolean isOurs(
      List<Token> tokens, int index, Predicate<String> ours, boolean unqualified) {
    int at = tokens.get(index).isWord("only") ? index + 1 : index;
    int end = name(tokens, at);
    if (end > tokens.size()) {
      return false;
    }
    return switch (end - at) {
      case 1 -> unqualified && ours.test(tokens.get(at).text());
      case 3 -> tokens.get(at).text().equals("public") && ours.test(tokens.get(at + 2).text());
      default -> false;
    };
  }

  /**
   * {@code COPY table TO} as a COPY of a query, which is what can be read of a table that is none.
   * Other statements stay as they are.
   */
  public static String copyOfQuery(String sql) {
    List<Token> tokens = tokens(sql);
    if (tokens.size() < 4
        || !tokens.getFirst().isWord("copy")
        || tokens.get(1).isPunctuation("(")) {
      return sql;
    }
    int behind = name(tokens, 1);
    String columns = "*";
    int to = behind;
    if (behind < tokens.size() && tokens.get(behind).isPunctuation("(")) {
      while (to < tokens.size() && !tokens.get(to).isPunctuation(")")) {
        to++;
      }
      columns = to < tokens.size() ? text(sql, tokens, behind + 1, to) : columns;
      to++;
    }
    if (to >= tokens.size() || !tokens.get(to).isWord("to")) {
      return sql;
    }
    return "COPY (SELECT "
        + columns
        + " FROM "
        + text(sql, tokens, 1, behind)
        + ") "
        + sql.substring(tokens.get(to).start());
  }

  private static String text(String sql, List<Token> tokens, int from, int to) {
    return sql.substring(tokens.get(from).start(), tokens.get(to - 1).end());
  }
}

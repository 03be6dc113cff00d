package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The text of a simple query as its statements. */
public final class Script {
  private Script() {}

  /**
   * One statement.
   *
   * @param text as the client wrote it; the whole text if there is only this one
   * @param offset characters before it
   */
  public record Piece(String text, int offset, Statement statement) {}

  /** The query in a statement that is one, explains one or declares a cursor for one; or null. */
  public static @Nullable Select select(Statement statement) {
    return switch (statement) {
      case Statement.Query query -> query.select();
      case Statement.Explain explain -> explain.select();
      case Statement.Declare declare -> declare.select();
      default -> null;
    };
  }

  /**
   * Splits a text at its semicolons. What cannot be read as tokens or has too many, and the body of
   * an SQL function with semicolons of its own, stays whole: PostgreSQL is to judge it.
   */
  public static List<Piece> split(String text) {
    List<Token> tokens;
    try {
      tokens = Lexer.tokens(text);
    } catch (PgException e) {
      return List.of(new Piece(text, 0, new Statement.Other("")));
    }
    List<Integer> starts = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    boolean inside = false;
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.isWord("atomic") && i > 0 && tokens.get(i - 1).isWord("begin")) {
        return List.of(new Piece(text, 0, new Statement.Other(tokens.getFirst().text())));
      }
      boolean end = token.isPunctuation(";") || token.kind() == Token.Kind.END;
      if (!end && !inside) {
        starts.add(token.start());
      } else if (end && inside) {
        ends.add(token.start());
      }
      inside = !end;
    }
    if (starts.isEmpty()) {
      return List.of(new Piece(text, 0, new Statement.Empty()));
    }
    if (starts.size() == 1) {
      return List.of(new Piece(text, 0, Parser.parse(text, tokens)));
    }
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < starts.size(); i++) {
      String piece = text.substring(starts.get(i), ends.get(i));
      pieces.add(new Piece(piece, text.codePointCount(0, starts.get(i)), Parser.parse(piece)));
    }
    return List.copyOf(pieces);
  }
}

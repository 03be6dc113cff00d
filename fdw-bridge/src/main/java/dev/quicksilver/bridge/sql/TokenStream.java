package dev.quicksilver.bridge.sql;

import java.util.List;
import java.util.Optional;

/** A cursor over tokens with the small helpers that both parsers share. */
final class TokenStream {
  /** Deeper nesting is refused before it can exhaust the stack. */
  private static final int MAX_DEPTH = 250;

  private final String sql;
  private final List<Token> tokens;
  private int index;
  private int depth;

  /** Reads the tokens of a text. */
  TokenStream(String sql, List<Token> tokens) {
    this.sql = sql;
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(index);
  }

  Token peek(int ahead) {
    return tokens.get(Math.min(index + ahead, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(index);
    if (index < tokens.size() - 1) {
      index++;
    }
    return token;
  }

  String text(int from, int to) {
    return sql.substring(from, to);
  }

  boolean atWord(String word) {
    return peek().isWord(word);
  }

  boolean acceptWord(String word) {
    if (peek().isWord(word)) {
      next();
      return true;
    }
    return false;
  }

  boolean acceptWords(String first, String second) {
    if (peek().isWord(first) && peek(1).isWord(second)) {
      next();
      next();
      return true;
    }
    return false;
  }

  void expectWord(String word) {
    if (!acceptWord(word)) {
      throw unexpected();
    }
  }

  boolean at(String punctuation) {
    return peek().isPunctuation(punctuation);
  }

  boolean accept(String punctuation) {
    if (at(punctuation)) {
      next();
      return true;
    }
    return false;
  }

  void expect(String punctuation) {
    if (!accept(punctuation)) {
      throw unexpected();
    }
  }

  boolean acceptOperator(String operator) {
    if (peek().isOperator(operator)) {
      next();
      return true;
    }
    return false;
  }

  /** Any name; unquoted reserved words are left to the caller's sense of grammar. */
  String identifier() {
    Token token = peek();
    if (token.kind() == Token.Kind.QUOTED_IDENTIFIER
        || (token.kind() == Token.Kind.WORD && !Keywords.reserved(token.text()))) {
      return next().text();
    }
    throw unexpected();
  }

  /** A name where there need not be one. */
  Optional<String> optionalName() {
    Token token = peek();
    boolean name =
        token.kind() == Token.Kind.QUOTED_IDENTIFIER
            || (token.kind() == Token.Kind.WORD && !Keywords.reserved(token.text()));
    return name ? Optional.of(next().text()) : Optional.empty();
  }

  /** An operator. */
  String operator() {
    Token token = peek();
    if (token.kind() != Token.Kind.OPERATOR) {
      throw unexpected();
    }
    return next().text();
  }

  /** {@code OPERATOR(pg_catalog.op)}; operators of other schemas are not ours. */
  String qualifiedOperator() {
    next();
    expect("(");
    if (peek().kind() == Token.Kind.WORD || peek().kind() == Token.Kind.QUOTED_IDENTIFIER) {
      requireCatalog(next());
      expect(".");
    }
    String operator = operator();
    expect(")");
    return operator;
  }

  /** Refuses a schema that is not pg_catalog. */
  void requireCatalog(Token schema) {
    if (!schema.text().equals("pg_catalog")) {
      throw PgException.unsupported("names of schema " + schema.text()).at(schema.start());
    }
  }

  /** A name after AS or a dot, where reserved words are allowed. */
  String label() {
    Token token = peek();
    if (token.kind() == Token.Kind.QUOTED_IDENTIFIER || token.kind() == Token.Kind.WORD) {
      return next().text();
    }
    throw unexpected();
  }

  PgException unexpected() {
    Token token = peek();
    if (token.kind() == Token.Kind.END) {
      return PgException.of(SqlState.SYNTAX_ERROR, "syntax error at end of input")
          .at(token.start());
    }
    return PgException.of(
            SqlState.SYNTAX_ERROR,
            "syntax error at or near \"" + sql.substring(token.start(), token.end()) + "\"")
        .at(token.start());
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "the statement is nested too deeply")
          .hint("The limit is " + MAX_DEPTH + " levels.");
    }
  }

  void leave() {
    depth--;
  }
}

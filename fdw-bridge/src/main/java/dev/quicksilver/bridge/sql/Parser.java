package dev.quicksilver.bridge.sql;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Parses whole statements. */
public final class Parser {
  private static final Pattern PLAIN_SCHEMA = Pattern.compile("\\$?[a-z_0-9]+");

  private final TokenStream in;
  private final SelectParser selects;

  private Parser(String sql, List<Token> tokens) {
    this.in = new TokenStream(sql, tokens);
    this.selects = new SelectParser(in);
  }

  /**
   * Reads one statement, which may end with semicolons.
   *
   * @return {@link Statement.Other} for all that this parser does not know in every part
   */
  public static Statement parse(String sql) {
    List<Token> tokens;
    try {
      tokens = Lexer.tokens(sql);
    } catch (PgException e) {
      return new Statement.Other("");
    }
    return parse(sql, tokens);
  }

  /** The same with the tokens of the text. */
  static Statement parse(String sql, List<Token> tokens) {
    var parser = new Parser(sql, tokens);
    Token first = parser.in.peek();
    if (first.kind() == Token.Kind.END) {
      return new Statement.Empty();
    }
    try {
      Statement statement = parser.statement();
      while (parser.in.accept(";")) {}
      if (parser.in.peek().kind() == Token.Kind.END) {
        return statement;
      }
    } catch (PgException e) {
      // It is PostgreSQL that says what is wrong with it, if anything is.
    }
    return new Statement.Other(first.kind() == Token.Kind.WORD ? first.text() : "");
  }

  private Statement statement() {
    Token token = in.peek();
    if (token.isPunctuation("(")) {
      return new Statement.Query(selects.select());
    }
    if (token.kind() != Token.Kind.WORD) {
      throw in.unexpected();
    }
    String word = token.text();
    return switch (word) {
      case "select", "values", "with" -> new Statement.Query(selects.select());
      case "explain" -> explain();
      case "declare" -> declare();
      case "fetch", "move" -> fetch(in.next().text().equals("move"));
      case "close" -> {
        in.next();
        yield new Statement.Close(
            in.acceptWord("all") ? Optional.empty() : Optional.of(in.identifier()));
      }
      case "begin", "start" -> begin(word);
      case "commit", "end" -> {
        yield new Statement.Commit(endOfTransaction());
      }
      case "rollback", "abort" -> rollback();
      case "savepoint" -> {
        in.next();
        yield new Statement.Savepoint(in.label());
      }
      case "release" -> {
        in.next();
        in.acceptWord("savepoint");
        yield new Statement.Release(in.label());
      }
      case "set" -> set();
      case "reset" -> {
        in.next();
        yield new Statement.Set("RESET", settingName(), Optional.empty(), false);
      }
      case "deallocate" -> {
        in.next();
        in.acceptWord("prepare");
        yield new Statement.Deallocate(
            in.acceptWord("all") ? Optional.empty() : Optional.of(in.label()));
      }
      case "discard" -> {
        in.next();
        yield new Statement.Discard(in.label().toUpperCase(Locale.ROOT));
      }
      default -> throw in.unexpected();
    };
  }

  private Statement explain() {
    in.next();
    return new Statement.Explain(selects.select());
  }

  private Statement.Declare declare() {
    in.next();
    String name = in.identifier();
    Statement.Scrolling scrolling = Statement.Scrolling.UNSAID;
    boolean more = true;
    while (more) {
      if (in.acceptWords("no", "scroll")) {
        scrolling = once(scrolling, Statement.Scrolling.NO_SCROLL);
      } else if (in.acceptWord("scroll")) {
        scrolling = once(scrolling, Statement.Scrolling.SCROLL);
      } else {
        more = in.acceptWord("insensitive") || in.acceptWord("asensitive");
      }
    }
    in.expectWord("cursor");
    in.acceptWords("without", "hold");
    in.expectWord("for");
    return new Statement.Declare(name, scrolling, selects.select());
  }

  /** Both at once are PostgreSQL's to refuse. */
  private Statement.Scrolling once(Statement.Scrolling before, Statement.Scrolling now) {
    if (before != Statement.Scrolling.UNSAID && before != now) {
      throw in.unexpected();
    }
    return now;
  }

  private Statement fetch(boolean move) {
    Statement.Direction direction = Statement.Direction.FORWARD;
    long count = 1;
    if (in.acceptWord("next")) {
      count = 1;
    } else if (in.acceptWord("prior")) {
      direction = Statement.Direction.BACKWARD;
    } else if (in.acceptWord("first")) {
      direction = Statement.Direction.ABSOLUTE;
    } else if (in.acceptWord("last")) {
      direction = Statement.Direction.ABSOLUTE;
      count = -1;
    } else if (in.acceptWord("all")) {
      count = Long.MAX_VALUE;
    } else {
      boolean counted = true;
      if (in.acceptWord("absolute")) {
        direction = Statement.Direction.ABSOLUTE;
      } else if (in.acceptWord("relative")) {
        direction = Statement.Direction.RELATIVE;
      } else if (in.acceptWord("backward")) {
        direction = Statement.Direction.BACKWARD;
      } else if (!in.acceptWord("forward")) {
        counted = in.peek().kind() == Token.Kind.INTEGER || in.peek().isOperator("-");
      }
      if (in.acceptWord("all")) {
        count = Long.MAX_VALUE;
      } else if (in.peek().kind() == Token.Kind.INTEGER || in.peek().isOperator("-")) {
        count = integer();
      } else if (!counted) {
        count = 1;
      }
    }
    if (!in.acceptWord("from")) {
      in.acceptWord("in");
    }
    return new Statement.Fetch(in.identifier(), direction, count, move);
  }

  private long integer() {
    boolean negative = in.acceptOperator("-");
    Token token = in.next();
    try {
      long value = Long.parseLong(token.text());
      return negative ? -value : value;
    } catch (NumberFormatException e) {
      throw PgException.of(SqlState.SYNTAX_ERROR, "a row count must be an integer", e)
          .at(token.start());
    }
  }

  private Statement begin(String word) {
    in.next();
    if (word.equals("start")) {
      in.expectWord("transaction");
    } else if (!in.acceptWord("work")) {
      in.acceptWord("transaction");
    }
    boolean more = transactionMode();
    while (more) {
      more = in.accept(",") ? requireMode() : transactionMode();
    }
    return new Statement.Begin(word.equals("start") ? "START TRANSACTION" : "BEGIN");
  }

  private boolean requireMode() {
    if (!transactionMode()) {
      throw in.unexpected();
    }
    return true;
  }

  private boolean transactionMode() {
    if (in.acceptWords("isolation", "level")) {
      if (!in.acceptWord("serializable")
          && !in.acceptWords("repeatable", "read")
          && !in.acceptWords("read", "committed")
          && !in.acceptWords("read", "uncommitted")) {
        throw in.unexpected();
      }
      return true;
    }
    return in.acceptWords("read", "only")
        || in.acceptWords("read", "write")
        || in.acceptWord("deferrable")
        || in.acceptWords("not", "deferrable");
  }

  /** Reads the end of a transaction; true if another one begins with it. */
  private boolean endOfTransaction() {
    in.next();
    if (!in.acceptWord("work")) {
      in.acceptWord("transaction");
    }
    if (in.acceptWords("and", "no")) {
      in.expectWord("chain");
      return false;
    }
    return in.acceptWords("and", "chain");
  }

  private Statement rollback() {
    boolean chain = endOfTransaction();
    if (!chain && in.acceptWord("to")) {
      in.acceptWord("savepoint");
      return new Statement.RollbackTo(in.label());
    }
    return new Statement.Rollback(chain);
  }

  private String settingName() {
    if (in.acceptWords("time", "zone")) {
      return "timezone";
    }
    String name = in.label();
    while (in.accept(".")) {
      name = name + "." + in.label();
    }
    return name;
  }

  /** A schema in a search path: a string is one name, commas and blanks included. */
  private static String schema(Token token) {
    String name = token.text();
    return token.kind() == Token.Kind.WORD || PLAIN_SCHEMA.matcher(name).matches()
        ? name
        : '"' + name.replace("\"", "\"\"") + '"';
  }

  private Statement set() {
    in.next();
    boolean local = in.acceptWord("local");
    if (!local) {
      in.acceptWord("session");
    }
    if (in.atWord("characteristics")
        || in.atWord("transaction")
        || in.atWord("role")
        || in.atWord("authorization")) {
      throw in.unexpected();
    }
    boolean zone = in.acceptWords("time", "zone");
    String name = zone ? "timezone" : settingName();
    if (!zone && !in.acceptWord("to") && !in.acceptOperator("=")) {
      throw in.unexpected();
    }
    if (in.acceptWord("default") || (zone && in.acceptWord("local"))) {
      return new Statement.Set("SET", name, Optional.empty(), local);
    }
    var value = new StringBuilder();
    do {
      if (!value.isEmpty()) {
        value.append(", ");
      }
      if (in.acceptOperator("-")) {
        value.append('-');
      }
      if (in.peek().kind() == Token.Kind.END || in.at(";")) {
        throw in.unexpected();
      }
      Token part = in.next();
      value.append(name.equals("search_path") ? schema(part) : part.text());
    } while (in.accept(","));
    return new Statement.Set("SET", name, Optional.of(value.toString()), local);
  }
}

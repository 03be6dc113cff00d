package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Parses whole statements. */
public final class Parser {
  private static final Set<String> WRITES =
      Set.of(
          "insert",
          "update",
          "delete",
          "truncate",
          "merge",
          "create",
          "alter",
          "drop",
          "copy",
          "grant",
          "revoke",
          "vacuum",
          "analyze",
          "lock",
          "refresh",
          "reindex",
          "cluster",
          "comment",
          "call",
          "do",
          "import",
          "security",
          "reassign");

  private final TokenStream in;
  private final SelectParser selects;

  private Parser(String sql) {
    this.in = new TokenStream(sql);
    this.selects = new SelectParser(in);
  }

  /** The statements between semicolons; at least one, {@code Empty} if there is nothing. */
  public static List<Statement> parse(String sql) {
    var parser = new Parser(sql);
    List<Statement> statements = new ArrayList<>();
    while (true) {
      while (parser.in.accept(";")) {}
      if (parser.in.peek().kind() == Token.Kind.END) {
        break;
      }
      statements.add(parser.statement());
      if (!parser.in.at(";") && parser.in.peek().kind() != Token.Kind.END) {
        throw parser.in.unexpected();
      }
    }
    return statements.isEmpty() ? List.of(new Statement.Empty()) : List.copyOf(statements);
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
    if (WRITES.contains(word)) {
      skipStatement();
      return new Statement.Write(word.toUpperCase(Locale.ROOT));
    }
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
        endOfTransaction();
        yield new Statement.Commit();
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
      case "show" -> {
        in.next();
        yield new Statement.Show(settingName());
      }
      case "prepare" -> prepare();
      case "execute" -> execute();
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

  private void skipStatement() {
    while (!in.at(";") && in.peek().kind() != Token.Kind.END) {
      in.next();
    }
  }

  private Statement explain() {
    in.next();
    boolean analyze = false;
    if (in.accept("(")) {
      do {
        String option = in.label();
        String value = in.at(",") || in.at(")") ? "true" : in.next().text();
        analyze |= option.equals("analyze") && !value.equals("false") && !value.equals("off");
        if (option.equals("format") && !value.equals("text")) {
          throw PgException.unsupported("EXPLAIN formats other than TEXT").at(in.peek().start());
        }
      } while (in.accept(","));
      in.expect(")");
    } else {
      analyze = in.acceptWord("analyze");
      in.acceptWord("verbose");
    }
    if (in.atWord("declare")) {
      return new Statement.Explain(declare().select(), analyze);
    }
    return new Statement.Explain(selects.select(), analyze);
  }

  private Statement.Declare declare() {
    in.next();
    String name = in.identifier();
    while (in.atWord("binary")
        || in.atWord("insensitive")
        || in.atWord("asensitive")
        || in.atWord("scroll")
        || in.atWord("no")) {
      if (in.next().text().equals("binary")) {
        throw PgException.unsupported("binary cursors").at(in.peek().start());
      }
    }
    in.expectWord("cursor");
    boolean hold = in.acceptWords("with", "hold");
    if (!hold) {
      in.acceptWords("without", "hold");
    }
    in.expectWord("for");
    return new Statement.Declare(name, hold, selects.select());
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
    while (in.peek().kind() == Token.Kind.WORD || in.at(",")) {
      in.next();
    }
    return new Statement.Begin(word.equals("start") ? "START TRANSACTION" : "BEGIN");
  }

  private void endOfTransaction() {
    in.next();
    if (in.atWord("prepared")) {
      throw PgException.unsupported("two-phase commit").at(in.peek().start());
    }
    if (!in.acceptWord("work")) {
      in.acceptWord("transaction");
    }
    if (in.acceptWords("and", "no")) {
      in.expectWord("chain");
    }
  }

  private Statement rollback() {
    endOfTransaction();
    if (in.acceptWord("to")) {
      in.acceptWord("savepoint");
      return new Statement.RollbackTo(in.label());
    }
    return new Statement.Rollback();
  }

  private String settingName() {
    if (in.acceptWords("transaction", "isolation")) {
      in.acceptWord("level");
      return "transaction_isolation";
    }
    if (in.acceptWords("time", "zone")) {
      return "timezone";
    }
    String name = in.label();
    while (in.accept(".")) {
      name = name + "." + in.label();
    }
    return name;
  }

  private Statement set() {
    in.next();
    boolean local = in.acceptWord("local");
    if (in.acceptWord("session") && in.acceptWord("characteristics")) {
      skipStatement();
      return new Statement.Set("SET", "transaction_isolation", Optional.empty(), false);
    }
    if (in.acceptWord("transaction")) {
      skipStatement();
      return new Statement.Set("SET", "transaction_isolation", Optional.empty(), true);
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
      value.append(in.next().text());
    } while (in.accept(","));
    return new Statement.Set("SET", name, Optional.of(value.toString()), local);
  }

  private Statement prepare() {
    in.next();
    if (in.atWord("transaction")) {
      throw PgException.unsupported("two-phase commit").at(in.peek().start());
    }
    String name = in.identifier();
    if (in.at("(")) {
      throw PgException.unsupported("PREPARE with declared parameter types").at(in.peek().start());
    }
    in.expectWord("as");
    int start = in.peek().start();
    skipStatement();
    return new Statement.Prepare(name, in.text(start, in.peek().start()));
  }

  private Statement execute() {
    in.next();
    String name = in.identifier();
    List<Expression> arguments = new ArrayList<>();
    if (in.accept("(")) {
      do {
        arguments.add(selects.expressions().expression());
      } while (in.accept(","));
      in.expect(")");
    }
    return new Statement.Execute(name, List.copyOf(arguments));
  }
}

package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What may follow a select: ORDER BY, LIMIT, OFFSET, FETCH FIRST, FOR UPDATE. */
final class TailParser {
  private final TokenStream in;
  private final ExpressionParser expressions;

  TailParser(TokenStream in, ExpressionParser expressions) {
    this.in = in;
    this.expressions = expressions;
  }

  /** LIMIT ALL is a limit of NULL. */
  record Tail(
      List<Select.Order> orderBy,
      Optional<Expression> limit,
      Optional<Expression> offset,
      List<Select.Locking> locking) {}

  static PgException multiple(String clause, int position) {
    return PgException.of(SqlState.SYNTAX_ERROR, "multiple " + clause + " clauses not allowed")
        .at(position);
  }

  Tail tail() {
    List<Select.Order> order = in.acceptWords("order", "by") ? orderList() : List.of();
    Optional<Expression> limit = Optional.empty();
    Optional<Expression> offset = Optional.empty();
    while (true) {
      Token token = in.peek();
      Optional<Expression> limited = limit();
      if (limited.isPresent()) {
        if (limit.isPresent()) {
          throw multiple("LIMIT", token.start());
        }
        limit = limited;
      } else if (in.acceptWord("offset")) {
        if (offset.isPresent()) {
          throw multiple("OFFSET", token.start());
        }
        offset = Optional.of(offset());
      } else {
        return new Tail(order, limit, offset, locking());
      }
    }
  }

  private Optional<Expression> limit() {
    if (in.acceptWord("limit")) {
      Token token = in.peek();
      return Optional.of(
          in.acceptWord("all")
              ? new Expression.Literal(Expression.Literal.Kind.NULL, null, token.start())
              : expressions.expression());
    }
    boolean first = in.peek(1).isWord("first") || in.peek(1).isWord("next");
    return in.atWord("fetch") && first ? Optional.of(fetchFirst()) : Optional.empty();
  }

  /** The standard's OFFSET n ROWS takes fewer expressions than PostgreSQL's OFFSET. */
  private Expression offset() {
    Expression count = expressions.expression();
    if (in.atWord("rows") || in.atWord("row")) {
      requirePlain(count);
      in.next();
    }
    return count;
  }

  private Expression fetchFirst() {
    in.next();
    in.next();
    Token token = in.peek();
    Expression count =
        in.atWord("row") || in.atWord("rows")
            ? new Expression.Literal(Expression.Literal.Kind.INTEGER, "1", token.start())
            : expressions.expression();
    requirePlain(count);
    if (!in.acceptWord("row")) {
      in.expectWord("rows");
    }
    if (!in.acceptWord("only")) {
      throw PgException.unsupported("FETCH FIRST … WITH TIES").at(token.start());
    }
    return count;
  }

  private static void requirePlain(Expression count) {
    boolean plain =
        count instanceof Expression.Parameter
            || (count instanceof Expression.Literal literal
                && literal.kind() == Expression.Literal.Kind.INTEGER);
    if (!plain) {
      throw PgException.unsupported("an expression for a number of ROWS").at(count.position());
    }
  }

  private List<Select.Locking> locking() {
    List<Select.Locking> clauses = new ArrayList<>();
    while (in.acceptWord("for")) {
      if (!in.acceptWord("update") && !in.acceptWord("share")) {
        if (in.acceptWord("no")) {
          in.expectWord("key");
          in.expectWord("update");
        } else {
          in.expectWord("key");
          in.expectWord("share");
        }
      }
      List<String> tables = new ArrayList<>();
      if (in.acceptWord("of")) {
        do {
          tables.add(in.identifier());
        } while (in.accept(","));
      }
      if (!in.acceptWord("nowait")) {
        in.acceptWords("skip", "locked");
      }
      clauses.add(new Select.Locking(List.copyOf(tables)));
    }
    return List.copyOf(clauses);
  }

  List<Select.Order> orderList() {
    List<Select.Order> list = new ArrayList<>();
    do {
      Expression expression = expressions.expression();
      Optional<String> using = Optional.empty();
      boolean descending = false;
      if (in.acceptWord("using")) {
        String operator = in.atWord("operator") ? in.qualifiedOperator() : in.operator();
        using = Optional.of(operator);
        descending = operator.equals(">") || operator.equals("~>~");
      } else if (in.acceptWord("desc")) {
        descending = true;
      } else {
        in.acceptWord("asc");
      }
      Optional<Boolean> nullsFirst = Optional.empty();
      if (in.acceptWords("nulls", "first")) {
        nullsFirst = Optional.of(true);
      } else if (in.acceptWords("nulls", "last")) {
        nullsFirst = Optional.of(false);
      }
      list.add(new Select.Order(expression, descending, nullsFirst, using));
    } while (in.accept(","));
    return List.copyOf(list);
  }
}

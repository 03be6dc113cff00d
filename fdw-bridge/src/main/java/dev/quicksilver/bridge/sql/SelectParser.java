package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** SELECT and VALUES. */
final class SelectParser {
  private final TokenStream in;
  private final ExpressionParser expressions;

  SelectParser(TokenStream in) {
    this.in = in;
    this.expressions = new ExpressionParser(in, this);
  }

  ExpressionParser expressions() {
    return expressions;
  }

  Select select() {
    in.enter();
    Select first = block();
    List<Select.SetOperand> unions = new ArrayList<>();
    while (in.atWord("union") || in.atWord("intersect") || in.atWord("except")) {
      Token token = in.next();
      if (!token.text().equals("union")) {
        throw PgException.unsupported(token.text().toUpperCase(java.util.Locale.ROOT))
            .at(token.start());
      }
      boolean all = in.acceptWord("all");
      unions.add(new Select.SetOperand(all, block()));
    }
    List<Select.Order> order = in.acceptWords("order", "by") ? orderList() : List.of();
    Optional<Expression> limit = Optional.empty();
    Optional<Expression> offset = Optional.empty();
    while (true) {
      if (in.acceptWord("limit")) {
        limit = in.acceptWord("all") ? Optional.empty() : Optional.of(expressions.expression());
      } else if (in.acceptWord("offset")) {
        offset = Optional.of(expressions.expression());
        if (!in.acceptWord("rows")) {
          in.acceptWord("row");
        }
      } else if (in.atWord("fetch") && (in.peek(1).isWord("first") || in.peek(1).isWord("next"))) {
        limit = Optional.of(fetchFirst());
      } else {
        break;
      }
    }
    locking();
    in.leave();
    return new Select(
        first.distinct(),
        first.targets(),
        first.from(),
        first.where(),
        first.groupBy(),
        first.having(),
        order,
        limit,
        offset,
        List.copyOf(unions));
  }

  private Expression fetchFirst() {
    in.next();
    in.next();
    Token token = in.peek();
    Expression count =
        in.atWord("row") || in.atWord("rows")
            ? new Expression.Literal(Expression.Literal.Kind.INTEGER, "1", token.start())
            : expressions.expression();
    in.next();
    if (!in.acceptWord("only")) {
      throw PgException.unsupported("FETCH FIRST … WITH TIES").at(token.start());
    }
    return count;
  }

  /** FOR UPDATE and FOR SHARE lock nothing here: the rows of a snapshot cannot change. */
  private void locking() {
    while (in.acceptWord("for")) {
      in.acceptWord("no");
      in.acceptWord("key");
      if (!in.acceptWord("update") && !in.acceptWord("share")) {
        throw in.unexpected();
      }
      if (in.acceptWord("of")) {
        do {
          in.label();
        } while (in.accept(","));
      }
      if (!in.acceptWord("nowait")) {
        in.acceptWords("skip", "locked");
      }
    }
  }

  private Select block() {
    if (in.accept("(")) {
      Select inner = select();
      in.expect(")");
      return inner;
    }
    if (in.atWord("values")) {
      throw PgException.unsupported("VALUES").at(in.peek().start());
    }
    if (in.atWord("with")) {
      throw PgException.unsupported("WITH").at(in.peek().start());
    }
    in.expectWord("select");
    boolean distinct = in.acceptWord("distinct");
    if (distinct && in.atWord("on")) {
      throw PgException.unsupported("DISTINCT ON").at(in.peek().start());
    }
    if (!distinct) {
      in.acceptWord("all");
    }
    List<Select.Target> targets = targets();
    List<Select.FromItem> from = new ArrayList<>();
    if (in.acceptWord("from")) {
      do {
        from.add(fromItem());
      } while (in.accept(","));
    }
    Optional<Expression> where = clause("where");
    List<Expression> groupBy = new ArrayList<>();
    if (in.acceptWords("group", "by")) {
      do {
        groupBy.add(expressions.expression());
      } while (in.accept(","));
    }
    Optional<Expression> having = clause("having");
    if (in.atWord("window")) {
      throw PgException.unsupported("window functions").at(in.peek().start());
    }
    return new Select(
        distinct,
        targets,
        List.copyOf(from),
        where,
        List.copyOf(groupBy),
        having,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of());
  }

  private Optional<Expression> clause(String word) {
    return in.acceptWord(word) ? Optional.of(expressions.expression()) : Optional.empty();
  }

  private List<Select.Target> targets() {
    List<Select.Target> targets = new ArrayList<>();
    if (in.atWord("from") || in.peek().kind() == Token.Kind.END || in.at(")") || in.at(";")) {
      return List.of();
    }
    do {
      int position = in.peek().start();
      if (in.acceptOperator("*")) {
        var all = new Expression.Name(List.of(), true, position);
        targets.add(new Select.Target(all, Optional.empty(), true));
        continue;
      }
      Expression expression = expressions.expression();
      boolean star = expression instanceof Expression.Name name && name.star();
      targets.add(new Select.Target(expression, star ? Optional.empty() : targetAlias(), star));
    } while (in.accept(","));
    return List.copyOf(targets);
  }

  private Optional<String> targetAlias() {
    if (in.acceptWord("as")) {
      return Optional.of(in.label());
    }
    return optionalName();
  }

  private Optional<String> optionalName() {
    Token token = in.peek();
    boolean name =
        token.kind() == Token.Kind.QUOTED_IDENTIFIER
            || (token.kind() == Token.Kind.WORD && !Keywords.reserved(token.text()));
    return name ? Optional.of(in.next().text()) : Optional.empty();
  }

  List<Select.Order> orderList() {
    List<Select.Order> list = new ArrayList<>();
    do {
      Expression expression = expressions.expression();
      Optional<String> using = Optional.empty();
      boolean descending = false;
      if (in.acceptWord("using")) {
        Token token = in.next();
        String operator = token.text();
        if (token.isWord("operator")) {
          in.expect("(");
          while (in.peek().kind() == Token.Kind.WORD) {
            in.next();
            in.expect(".");
          }
          operator = in.next().text();
          in.expect(")");
        }
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

  private Select.FromItem fromItem() {
    Select.FromItem left = fromPrimary();
    while (true) {
      if (in.atWord("natural")) {
        throw PgException.unsupported("NATURAL JOIN").at(in.peek().start());
      }
      Optional<Select.JoinKind> kind = joinKind();
      if (kind.isEmpty()) {
        return left;
      }
      Select.FromItem right = fromPrimary();
      Optional<Expression> condition = Optional.empty();
      List<String> using = List.of();
      if (kind.get() != Select.JoinKind.CROSS) {
        if (in.acceptWord("using")) {
          using = names();
        } else {
          in.expectWord("on");
          condition = Optional.of(expressions.expression());
        }
      }
      left = new Select.FromItem.Join(kind.get(), left, right, condition, using);
    }
  }

  private Optional<Select.JoinKind> joinKind() {
    Optional<Select.JoinKind> kind = Optional.empty();
    if (in.acceptWord("cross")) {
      kind = Optional.of(Select.JoinKind.CROSS);
    } else if (in.acceptWord("inner")) {
      kind = Optional.of(Select.JoinKind.INNER);
    } else if (in.acceptWord("left")) {
      kind = Optional.of(Select.JoinKind.LEFT);
    } else if (in.acceptWord("right")) {
      kind = Optional.of(Select.JoinKind.RIGHT);
    } else if (in.acceptWord("full")) {
      kind = Optional.of(Select.JoinKind.FULL);
    } else if (in.atWord("join")) {
      kind = Optional.of(Select.JoinKind.INNER);
    }
    if (kind.isPresent()) {
      in.acceptWord("outer");
      in.expectWord("join");
    }
    return kind;
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    in.expect("(");
    do {
      names.add(in.label());
    } while (in.accept(","));
    in.expect(")");
    return List.copyOf(names);
  }

  private Select.FromItem fromPrimary() {
    if (in.atWord("lateral")) {
      throw PgException.unsupported("LATERAL").at(in.peek().start());
    }
    if (in.accept("(")) {
      in.enter();
      boolean sub = in.atWord("select") || in.atWord("values");
      Select.FromItem item = sub ? null : fromItem();
      Select select = sub ? select() : null;
      in.leave();
      in.expect(")");
      if (select == null) {
        return java.util.Objects.requireNonNull(item);
      }
      in.acceptWord("as");
      String alias = optionalName().orElse("");
      return new Select.FromItem.Sub(select, alias, in.at("(") ? names() : List.of());
    }
    int position = in.peek().start();
    in.acceptWord("only");
    String schema = "";
    String name = in.identifier();
    while (in.accept(".")) {
      schema = name;
      name = in.label();
    }
    if (in.at("(")) {
      throw PgException.unsupported("functions in FROM").at(position);
    }
    in.acceptOperator("*");
    in.acceptWord("as");
    Optional<String> alias = optionalName();
    List<String> columns = alias.isPresent() && in.at("(") ? names() : List.of();
    Optional<Select.Sample> sample =
        in.acceptWord("tablesample") ? Optional.of(sample()) : Optional.empty();
    return new Select.FromItem.Table(schema, name, alias, columns, sample, position);
  }

  private Select.Sample sample() {
    String method = in.label();
    in.expect("(");
    Expression percent = expressions.expression();
    in.expect(")");
    Optional<Expression> seed = Optional.empty();
    if (in.acceptWord("repeatable")) {
      in.expect("(");
      seed = Optional.of(expressions.expression());
      in.expect(")");
    }
    return new Select.Sample(method, percent, seed);
  }
}

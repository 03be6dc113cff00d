package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** SELECT: blocks, and what joins them. */
final class SelectParser {
  private final TokenStream in;
  private final ExpressionParser expressions;
  private final TailParser tails;
  private final FromParser from;

  SelectParser(TokenStream in) {
    this.in = in;
    this.expressions = new ExpressionParser(in, this);
    this.tails = new TailParser(in, expressions);
    this.from = new FromParser(in, this);
  }

  ExpressionParser expressions() {
    return expressions;
  }

  List<Select.Order> orderList() {
    return tails.orderList();
  }

  Select select() {
    in.enter();
    Select first = block();
    List<Select.SetOperand> unions = new ArrayList<>();
    while (in.atWord("union") || in.atWord("intersect") || in.atWord("except")) {
      Token token = in.next();
      if (!token.text().equals("union")) {
        throw PgException.unsupported(token.text().toUpperCase(Locale.ROOT)).at(token.start());
      }
      boolean all = in.acceptWord("all");
      unions.add(new Select.SetOperand(all, block()));
    }
    Select joined = unions.isEmpty() ? first : joined(first, unions);
    int position = in.peek().start();
    Select result = merged(joined, tails.tail(), position);
    in.leave();
    return result;
  }

  /** A first operand that has unions or an order of its own stays whole, as a subselect. */
  private static Select joined(Select first, List<Select.SetOperand> unions) {
    boolean plain =
        first.unions().isEmpty()
            && first.orderBy().isEmpty()
            && first.limit().isEmpty()
            && first.offset().isEmpty()
            && first.locking().isEmpty();
    Select start = plain ? first : around(first);
    return new Select(
        start.distinct(),
        start.targets(),
        start.from(),
        start.where(),
        start.groupBy(),
        start.having(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.copyOf(unions),
        List.of());
  }

  private static Select around(Select inner) {
    var all = new Expression.Name(List.of(), true, 0);
    return new Select(
        false,
        List.of(new Select.Target(all, Optional.empty(), true)),
        List.of(new Select.FromItem.Sub(inner, "", List.of())),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }

  /** What follows a select belongs to it; if it stood in parentheses it may have had some of it. */
  private static Select merged(Select select, TailParser.Tail tail, int position) {
    if (!select.orderBy().isEmpty() && !tail.orderBy().isEmpty()) {
      throw TailParser.multiple("ORDER BY", position);
    }
    if (select.limit().isPresent() && tail.limit().isPresent()) {
      throw TailParser.multiple("LIMIT", position);
    }
    if (select.offset().isPresent() && tail.offset().isPresent()) {
      throw TailParser.multiple("OFFSET", position);
    }
    List<Select.Locking> locking = new ArrayList<>(select.locking());
    locking.addAll(tail.locking());
    return new Select(
        select.distinct(),
        select.targets(),
        select.from(),
        select.where(),
        select.groupBy(),
        select.having(),
        select.orderBy().isEmpty() ? tail.orderBy() : select.orderBy(),
        select.limit().or(tail::limit),
        select.offset().or(tail::offset),
        select.unions(),
        List.copyOf(locking));
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
    List<Select.FromItem> items = in.acceptWord("from") ? from.items() : List.of();
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
        items,
        where,
        List.copyOf(groupBy),
        having,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
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
    Token token = in.peek();
    if (token.kind() == Token.Kind.WORD && Keywords.needsAs(token.text())) {
      return Optional.empty();
    }
    return in.optionalName();
  }
}

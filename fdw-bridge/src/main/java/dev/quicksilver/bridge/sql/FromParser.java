package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** FROM: tables, subselects, joins. */
final class FromParser {
  private final TokenStream in;
  private final SelectParser selects;

  FromParser(TokenStream in, SelectParser selects) {
    this.in = in;
    this.selects = selects;
  }

  /** The elements of the list. */
  List<Select.FromItem> items() {
    List<Select.FromItem> items = new ArrayList<>();
    do {
      items.add(item());
    } while (in.accept(","));
    return List.copyOf(items);
  }

  private Select.FromItem item() {
    Select.FromItem left = primary();
    while (true) {
      if (in.atWord("natural")) {
        throw PgException.unsupported("NATURAL JOIN").at(in.peek().start());
      }
      Optional<Select.JoinKind> kind = joinKind();
      if (kind.isEmpty()) {
        return left;
      }
      Select.FromItem right = primary();
      Optional<Expression> condition = Optional.empty();
      List<String> using = List.of();
      if (kind.get() != Select.JoinKind.CROSS) {
        if (in.acceptWord("using")) {
          using = names();
        } else {
          in.expectWord("on");
          condition = Optional.of(selects.expressions().expression());
        }
      }
      left = new Select.FromItem.Join(kind.get(), left, right, condition, using);
    }
  }

  private Optional<Select.JoinKind> joinKind() {
    Optional<Select.JoinKind> kind =
        in.acceptWord("cross")
            ? Optional.of(Select.JoinKind.CROSS)
            : in.acceptWord("inner")
                ? Optional.of(Select.JoinKind.INNER)
                : outerKind().or(this::plainKind);
    if (kind.isPresent()) {
      in.expectWord("join");
    }
    return kind;
  }

  private Optional<Select.JoinKind> outerKind() {
    Optional<Select.JoinKind> kind =
        in.acceptWord("left")
            ? Optional.of(Select.JoinKind.LEFT)
            : in.acceptWord("right")
                ? Optional.of(Select.JoinKind.RIGHT)
                : in.acceptWord("full") ? Optional.of(Select.JoinKind.FULL) : Optional.empty();
    if (kind.isPresent()) {
      in.acceptWord("outer");
    }
    return kind;
  }

  private Optional<Select.JoinKind> plainKind() {
    return in.atWord("join") ? Optional.of(Select.JoinKind.INNER) : Optional.empty();
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    in.expect("(");
    do {
      names.add(in.identifier());
    } while (in.accept(","));
    in.expect(")");
    return List.copyOf(names);
  }

  private Select.FromItem primary() {
    if (in.atWord("lateral")) {
      throw PgException.unsupported("LATERAL").at(in.peek().start());
    }
    if (in.at("(")) {
      return parenthesized();
    }
    int position = in.peek().start();
    in.acceptWord("only");
    String schema = "";
    String name = in.identifier();
    if (in.accept(".")) {
      schema = name;
      name = in.label();
    }
    if (in.at(".")) {
      throw PgException.unsupported("tables of another database").at(position);
    }
    if (in.at("(")) {
      throw PgException.unsupported("functions in FROM").at(position);
    }
    in.acceptOperator("*");
    Optional<String> alias = alias();
    List<String> columns = alias.isPresent() && in.at("(") ? names() : List.of();
    Optional<Select.Sample> sample =
        in.acceptWord("tablesample") ? Optional.of(sample()) : Optional.empty();
    return new Select.FromItem.Table(schema, name, alias, columns, sample, position);
  }

  private Optional<String> alias() {
    return in.acceptWord("as") ? Optional.of(in.identifier()) : in.optionalName();
  }

  /** A subselect, or a join in parentheses. */
  private Select.FromItem parenthesized() {
    in.expect("(");
    if (!in.atWord("select") && !in.atWord("values")) {
      in.enter();
      Select.FromItem item = item();
      in.leave();
      if (!(item instanceof Select.FromItem.Join)) { // only a join may stand in parentheses
        throw in.unexpected();
      }
      in.expect(")");
      return item;
    }
    Select select = selects.select();
    in.expect(")");
    Optional<String> alias = alias();
    List<String> columns = alias.isPresent() && in.at("(") ? names() : List.of();
    return new Select.FromItem.Sub(select, alias.orElse(""), columns);
  }

  private Select.Sample sample() {
    String method = in.label();
    in.expect("(");
    Expression percent = selects.expressions().expression();
    in.expect(")");
    Optional<Expression> seed = Optional.empty();
    if (in.acceptWord("repeatable")) {
      in.expect("(");
      seed = Optional.of(selects.expressions().expression());
      in.expect(")");
    }
    return new Select.Sample(method, percent, seed);
  }
}

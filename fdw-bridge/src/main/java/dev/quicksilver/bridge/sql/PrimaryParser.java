package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Literals, names, calls, CASE, ARRAY, ROW, subqueries, and what follows them: casts and
 * subscripts.
 */
final class PrimaryParser {
  private final TokenStream in;
  private final ExpressionParser expressions;
  private final SelectParser selects;

  PrimaryParser(TokenStream in, ExpressionParser expressions, SelectParser selects) {
    this.in = in;
    this.expressions = expressions;
    this.selects = selects;
  }

  Select select() {
    return selects.select();
  }

  List<Expression> list() {
    List<Expression> list = new ArrayList<>();
    do {
      list.add(expressions.expression());
    } while (in.accept(","));
    return List.copyOf(list);
  }

  Expression postfix() {
    Expression left = primary();
    while (true) {
      int position = in.peek().start();
      if (in.accept("::")) {
        left = new Expression.Cast(left, TypeNames.parse(in), position);
      } else if (in.accept("[")) {
        Expression index = expressions.expression();
        if (in.at(":")) {
          throw PgException.unsupported("array slices").at(position);
        }
        in.expect("]");
        left = new Expression.Subscript(left, index, position);
      } else {
        return left;
      }
    }
  }

  private Expression primary() {
    Token token = in.peek();
    return switch (token.kind()) {
      case STRING -> literal(Expression.Literal.Kind.STRING);
      case INTEGER -> literal(Expression.Literal.Kind.INTEGER);
      case DECIMAL -> literal(Expression.Literal.Kind.DECIMAL);
      case PARAMETER -> parameter();
      case PUNCTUATION -> parenthesized();
      case QUOTED_IDENTIFIER -> name();
      case WORD -> word(token);
      case OPERATOR, END -> throw in.unexpected();
    };
  }

  private Expression literal(Expression.Literal.Kind kind) {
    Token token = in.next();
    return new Expression.Literal(kind, token.text(), token.start());
  }

  private Expression parameter() {
    Token token = in.next();
    try {
      return new Expression.Parameter(Integer.parseInt(token.text()), token.start());
    } catch (NumberFormatException e) {
      throw PgException.of(
              SqlState.UNDEFINED_PARAMETER, "there is no parameter $" + token.text(), e)
          .at(token.start());
    }
  }

  private Expression parenthesized() {
    int position = in.peek().start();
    in.expect("(");
    if (in.atWord("select") || in.atWord("values")) {
      Select select = selects.select();
      in.expect(")");
      return new Expression.Scalar(select, position);
    }
    Expression inner = expressions.expression();
    if (in.at(",")) {
      List<Expression> fields = new ArrayList<>(List.of(inner));
      while (in.accept(",")) {
        fields.add(expressions.expression());
      }
      in.expect(")");
      return new Expression.Row(List.copyOf(fields), position);
    }
    in.expect(")");
    return inner;
  }

  private Expression word(Token token) {
    int position = token.start();
    boolean call = in.peek(1).isPunctuation("(");
    switch (token.text()) {
      case "null" -> {
        in.next();
        return new Expression.Literal(Expression.Literal.Kind.NULL, null, position);
      }
      case "true", "false" -> {
        return literal(Expression.Literal.Kind.BOOLEAN);
      }
      case "case" -> {
        return caseExpression();
      }
      case "cast" -> {
        in.next();
        in.expect("(");
        Expression operand = expressions.expression();
        in.expectWord("as");
        TypeName type = TypeNames.parse(in);
        in.expect(")");
        return new Expression.Cast(operand, type, position);
      }
      case "array" -> {
        return array();
      }
      case "row" -> {
        if (call) {
          in.next();
          in.next();
          List<Expression> fields = in.at(")") ? List.of() : list();
          in.expect(")");
          return new Expression.Row(fields, position);
        }
      }
      case "exists" -> {
        if (call) {
          in.next();
          in.next();
          Select select = selects.select();
          in.expect(")");
          return new Expression.Exists(select, position);
        }
      }
      default -> {}
    }
    Optional<Expression> special = new SpecialCalls(in, expressions, this).parse(token);
    if (special.isPresent()) {
      return special.get();
    }
    if (Keywords.reserved(token.text()) && !(call && Keywords.function(token.text()))) {
      throw in.unexpected();
    }
    return typedLiteralOrName(token);
  }

  /** {@code interval '1 day'} and the like, else a name. */
  private Expression typedLiteralOrName(Token token) {
    if (in.peek(1).kind() == Token.Kind.STRING) {
      TypeName type = TypeNames.parse(in);
      return new Expression.Cast(literal(Expression.Literal.Kind.STRING), type, token.start());
    }
    return name();
  }

  private Expression name() {
    int position = in.peek().start();
    List<String> parts = new ArrayList<>();
    parts.add(in.label());
    while (in.accept(".")) {
      if (in.acceptOperator("*")) {
        return new Expression.Name(List.copyOf(parts), true, position);
      }
      parts.add(in.label());
    }
    if (in.at("(")) {
      if (parts.size() > 2) {
        throw PgException.unsupported("functions of another database").at(position);
      }
      String schema = parts.size() > 1 ? parts.getFirst() : "";
      return arguments(schema, parts.getLast(), position);
    }
    return new Expression.Name(List.copyOf(parts), false, position);
  }

  /** A call with plain arguments. */
  Expression call(String name, int position, Expression... arguments) {
    return new Expression.Call(
        "",
        name,
        List.of(arguments),
        false,
        false,
        false,
        List.of(),
        false,
        Optional.empty(),
        position);
  }

  private Expression arguments(String schema, String name, int position) {
    in.expect("(");
    boolean star = in.acceptOperator("*");
    boolean distinct = !star && in.acceptWord("distinct");
    boolean quantified = distinct || (!star && in.acceptWord("all"));
    List<Expression> arguments = new ArrayList<>();
    boolean variadic = false;
    if (!star && (quantified || !in.at(")"))) {
      do {
        if (variadic) { // only the last argument can be
          throw in.unexpected();
        }
        variadic = in.acceptWord("variadic");
        arguments.add(expressions.expression());
      } while (in.accept(","));
    }
    boolean ordered = !arguments.isEmpty() && in.acceptWords("order", "by");
    List<Select.Order> order = ordered ? selects.orderList() : List.of();
    in.expect(")");
    boolean withinGroup = in.acceptWords("within", "group");
    if (withinGroup) {
      in.expect("(");
      in.expectWord("order");
      in.expectWord("by");
      order = selects.orderList();
      in.expect(")");
    }
    Expression filter = filter();
    if (in.atWord("over")) {
      throw PgException.unsupported("window functions").at(position);
    }
    return new Expression.Call(
        schema,
        name,
        List.copyOf(arguments),
        star,
        distinct,
        variadic,
        order,
        withinGroup,
        Optional.ofNullable(filter),
        position);
  }

  private @Nullable Expression filter() {
    if (!in.atWord("filter") || !in.peek(1).isPunctuation("(")) {
      return null;
    }
    in.next();
    in.next();
    in.expectWord("where");
    Expression condition = expressions.expression();
    in.expect(")");
    return condition;
  }

  private Expression caseExpression() {
    int position = in.next().start();
    Optional<Expression> operand =
        in.atWord("when") ? Optional.empty() : Optional.of(expressions.expression());
    List<Expression.Case.When> whens = new ArrayList<>();
    while (in.acceptWord("when")) {
      Expression condition = expressions.expression();
      in.expectWord("then");
      whens.add(new Expression.Case.When(condition, expressions.expression()));
    }
    if (whens.isEmpty()) {
      throw in.unexpected();
    }
    Optional<Expression> otherwise =
        in.acceptWord("else") ? Optional.of(expressions.expression()) : Optional.empty();
    in.expectWord("end");
    return new Expression.Case(operand, List.copyOf(whens), otherwise, position);
  }

  private Expression array() {
    int position = in.next().start();
    if (in.accept("(")) {
      Select select = selects.select();
      in.expect(")");
      return new Expression.ArraySelect(select, position);
    }
    in.expect("[");
    List<Expression> elements = in.at("]") ? List.of() : list();
    in.expect("]");
    return new Expression.ArrayOf(elements, position);
  }
}

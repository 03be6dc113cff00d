package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Expressions with PostgreSQL's precedence: OR, AND, NOT, IS, comparison, BETWEEN/IN/LIKE, others,
 * +, *, ^.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("<", ">", "=", "<=", ">=", "<>");

  private final TokenStream in;
  private final PrimaryParser primaries;

  ExpressionParser(TokenStream in, SelectParser selects) {
    this.in = in;
    this.primaries = new PrimaryParser(in, this, selects);
  }

  Expression expression() {
    in.enter();
    Expression result = or();
    in.leave();
    return result;
  }

  private Expression or() {
    int start = in.peek().start();
    Expression first = and();
    if (!in.atWord("or")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (in.acceptWord("or")) {
      operands.add(and());
    }
    return new Expression.Logic(false, List.copyOf(operands), start);
  }

  private Expression and() {
    int start = in.peek().start();
    Expression first = not();
    if (!in.atWord("and")) {
      return first;
    }
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (in.acceptWord("and")) {
      operands.add(not());
    }
    return new Expression.Logic(true, List.copyOf(operands), start);
  }

  private Expression not() {
    Token token = in.peek();
    if (!in.acceptWord("not")) {
      return is();
    }
    in.enter();
    Expression operand = not();
    in.leave();
    return new Expression.Not(operand, token.start());
  }

  private Expression is() {
    Expression left = comparison();
    while (true) {
      int position = in.peek().start();
      if (in.acceptWord("isnull")) {
        left = new Expression.IsNull(left, false, position);
      } else if (in.acceptWord("notnull")) {
        left = new Expression.IsNull(left, true, position);
      } else if (in.acceptWord("is")) {
        left = afterIs(left, position);
      } else {
        return left;
      }
    }
  }

  private Expression afterIs(Expression left, int position) {
    boolean negated = in.acceptWord("not");
    if (in.acceptWord("null")) {
      return new Expression.IsNull(left, negated, position);
    }
    if (in.acceptWord("true")) {
      return new Expression.IsTruth(left, Optional.of(true), negated, position);
    }
    if (in.acceptWord("false")) {
      return new Expression.IsTruth(left, Optional.of(false), negated, position);
    }
    if (in.acceptWord("unknown")) {
      return new Expression.IsTruth(left, Optional.empty(), negated, position);
    }
    if (in.acceptWords("distinct", "from")) {
      return new Expression.IsDistinct(left, comparison(), negated, position);
    }
    throw in.unexpected();
  }

  private Expression comparison() {
    Expression left = range();
    Token token = in.peek();
    if (token.kind() == Token.Kind.OPERATOR && COMPARISONS.contains(token.text())) {
      in.next();
      return operand(token.text(), left, token.start(), this::range);
    }
    return left;
  }

  /** What follows an infix operator: ANY/ALL or an operand of tighter binding. */
  private Expression operand(
      String operator,
      Expression left,
      int position,
      java.util.function.Supplier<Expression> tighter) {
    boolean all = in.atWord("all");
    if ((all || in.atWord("any") || in.atWord("some")) && in.peek(1).isPunctuation("(")) {
      in.next();
      in.next();
      if (in.atWord("select")) {
        Select select = primaries.select();
        in.expect(")");
        return new Expression.QuantifiedSelect(operator, left, all, select, position);
      }
      Expression array = expression();
      in.expect(")");
      return new Expression.Quantified(operator, left, all, array, position);
    }
    return new Expression.Infix(operator, left, tighter.get(), position);
  }

  /** BETWEEN, IN, LIKE and relatives. */
  private Expression range() {
    Expression left = other();
    while (true) {
      int position = in.peek().start();
      boolean negated =
          in.atWord("not")
              && (in.peek(1).isWord("between")
                  || in.peek(1).isWord("in")
                  || in.peek(1).isWord("like")
                  || in.peek(1).isWord("ilike")
                  || in.peek(1).isWord("similar"));
      if (negated) {
        in.next();
      }
      if (in.acceptWord("between")) {
        boolean symmetric = in.acceptWord("symmetric");
        if (!symmetric) {
          in.acceptWord("asymmetric");
        }
        Expression low = other();
        in.expectWord("and");
        left = new Expression.Between(left, low, other(), symmetric, negated, position);
      } else if (in.acceptWord("in")) {
        left = in(left, negated, position);
      } else if (in.acceptWord("like")) {
        left = like(left, negated ? "!~~" : "~~", position);
      } else if (in.acceptWord("ilike")) {
        left = like(left, negated ? "!~~*" : "~~*", position);
      } else if (in.acceptWords("similar", "to")) {
        throw PgException.unsupported("SIMILAR TO").at(position);
      } else {
        return left;
      }
    }
  }

  private Expression in(Expression left, boolean negated, int position) {
    in.expect("(");
    if (in.atWord("select")) {
      Select select = primaries.select();
      in.expect(")");
      Expression any = new Expression.QuantifiedSelect("=", left, false, select, position);
      return negated ? new Expression.Not(any, position) : any;
    }
    List<Expression> list = primaries.list();
    in.expect(")");
    return new Expression.In(left, list, negated, position);
  }

  private Expression like(Expression left, String operator, int position) {
    Expression result = operand(operator, left, position, this::other);
    if (result instanceof Expression.Infix infix && in.acceptWord("escape")) {
      Expression escaped = primaries.call("like_escape", position, infix.right(), other());
      return new Expression.Infix(operator, left, escaped, position);
    }
    return result;
  }

  private Expression other() {
    Expression left = additive();
    while (true) {
      Token token = in.peek();
      String operator;
      if (token.isWord("operator") && in.peek(1).isPunctuation("(")) {
        operator = in.qualifiedOperator();
      } else if (token.kind() == Token.Kind.OPERATOR && !tight(token.text())) {
        operator = in.next().text();
      } else {
        return left;
      }
      left = operand(operator, left, token.start(), this::additive);
    }
  }

  private static boolean tight(String operator) {
    return COMPARISONS.contains(operator)
        || operator.equals("+")
        || operator.equals("-")
        || operator.equals("*")
        || operator.equals("/")
        || operator.equals("%")
        || operator.equals("^");
  }

  private Expression additive() {
    Expression left = multiplicative();
    while (in.peek().isOperator("+") || in.peek().isOperator("-")) {
      Token token = in.next();
      left = operand(token.text(), left, token.start(), this::multiplicative);
    }
    return left;
  }

  private Expression multiplicative() {
    Expression left = power();
    while (in.peek().isOperator("*") || in.peek().isOperator("/") || in.peek().isOperator("%")) {
      Token token = in.next();
      left = operand(token.text(), left, token.start(), this::power);
    }
    return left;
  }

  private Expression power() {
    Expression left = zoned();
    while (in.peek().isOperator("^")) {
      Token token = in.next();
      left = operand(token.text(), left, token.start(), this::zoned);
    }
    return left;
  }

  private Expression zoned() {
    Expression left = prefix();
    while (true) {
      Token token = in.peek();
      if (token.isWord("at") && in.peek(1).isWord("time")) {
        in.next();
        in.next();
        in.expectWord("zone");
        left = primaries.call("timezone", token.start(), prefix(), left);
      } else if (in.acceptWord("collate")) {
        Token first = in.peek();
        String name = in.label();
        if (in.accept(".")) {
          in.requireCatalog(first);
          name = in.label();
        }
        left = new Expression.Collate(left, name, token.start());
      } else {
        return left;
      }
    }
  }

  /**
   * Signs bind tighter than everything infix; other prefix operators as loosely as "other" ones.
   */
  private Expression prefix() {
    Token token = in.peek();
    boolean qualified = token.isWord("operator") && in.peek(1).isPunctuation("(");
    if (token.kind() != Token.Kind.OPERATOR && !qualified) {
      return primaries.postfix();
    }
    String operator = qualified ? in.qualifiedOperator() : in.next().text();
    in.enter();
    boolean sign = !qualified && (operator.equals("-") || operator.equals("+"));
    Expression operand = sign ? prefix() : additive();
    in.leave();
    return new Expression.Prefix(operator, operand, token.start());
  }
}

package dev.quicksilver.bridge.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Functions with a syntax of their own: EXTRACT, SUBSTRING FROM, POSITION IN, TRIM, OVERLAY,
 * CURRENT_*.
 */
final class SpecialCalls {
  private final TokenStream in;
  private final ExpressionParser expressions;
  private final PrimaryParser primaries;

  SpecialCalls(TokenStream in, ExpressionParser expressions, PrimaryParser primaries) {
    this.in = in;
    this.expressions = expressions;
    this.primaries = primaries;
  }

  Optional<Expression> parse(Token token) {
    boolean call = in.peek(1).isPunctuation("(");
    int position = token.start();
    return switch (token.text()) {
      case "current_date",
          "current_timestamp",
          "localtimestamp",
          "current_user",
          "session_user",
          "user",
          "current_role",
          "current_catalog",
          "current_schema" ->
          call ? Optional.empty() : Optional.of(constant(token.text(), position));
      case "extract" -> call ? Optional.of(extract(position)) : Optional.empty();
      case "substring", "overlay", "position", "trim" ->
          call ? keywordArguments(token.text(), position) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private Expression constant(String name, int position) {
    in.next();
    return primaries.call(name, position);
  }

  private Expression extract(int position) {
    in.next();
    in.next();
    Token field = in.next();
    in.expectWord("from");
    Expression source = expressions.expression();
    in.expect(")");
    Expression name =
        new Expression.Literal(Expression.Literal.Kind.STRING, field.text(), field.start());
    return primaries.call("extract", position, name, source);
  }

  private Optional<Expression> keywordArguments(String name, int position) {
    in.next();
    in.next();
    String function = name;
    if (name.equals("trim")) {
      function = in.acceptWord("leading") ? "ltrim" : in.acceptWord("trailing") ? "rtrim" : "btrim";
      in.acceptWord("both");
      if (in.acceptWord("from")) {
        Expression only = expressions.expression();
        in.expect(")");
        return Optional.of(primaries.call(function, position, only));
      }
    }
    List<Expression> arguments = new ArrayList<>();
    arguments.add(expressions.expression());
    boolean swapped = false;
    boolean from = false;
    while (!in.accept(")")) {
      int at = in.peek().start();
      from |= in.atWord("from");
      if (in.atWord("for") && !from) {
        throw PgException.unsupported("FOR without FROM before it").at(at);
      }
      if (in.acceptWord("in") || (name.equals("trim") && in.acceptWord("from"))) {
        swapped = true;
      } else if (!in.acceptWord("from")
          && !in.acceptWord("for")
          && !in.acceptWord("placing")
          && !in.accept(",")) {
        throw in.unexpected();
      }
      arguments.add(expressions.expression());
    }
    if (swapped) {
      arguments = arguments.reversed();
    }
    return Optional.of(primaries.call(function, position, arguments.toArray(Expression[]::new)));
  }
}

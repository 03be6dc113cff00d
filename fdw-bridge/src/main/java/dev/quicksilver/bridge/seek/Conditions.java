package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Expression.Literal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** Reads WHERE. */
final class Conditions {
  private static final Condition UNKNOWN = new Condition.Always(Condition.UNKNOWN);

  private final Columns columns;
  private final Constants constants;

  Conditions(Columns columns, Constants constants) {
    this.columns = columns;
    this.constants = constants;
  }

  /** The condition that an expression is. */
  Condition read(Expression expression) {
    return switch (expression) {
      case Expression.Logic logic -> {
        List<Condition> operands = logic.operands().stream().map(this::read).toList();
        yield logic.and() ? new Condition.All(operands) : new Condition.Any(operands);
      }
      case Expression.Not not -> new Condition.Not(read(not.operand()));
      case Expression.Infix infix -> infix(infix);
      case Expression.Between between -> between(between);
      case Expression.In in -> in(in);
      case Expression.Quantified quantified -> quantified(quantified);
      case Expression.IsNull test -> isNull(test);
      case Literal literal when literal.kind() == Literal.Kind.BOOLEAN ->
          new Condition.Always("true".equals(literal.text()) ? Condition.TRUE : Condition.FALSE);
      default -> throw new Outside("a condition of another kind");
    };
  }

  private int column(Expression expression) {
    return columns.find(expression).orElseThrow(() -> new Outside("not a column"));
  }

  /** The kind of a column that can be in a condition: values cannot. */
  private ValueKind kind(int column) {
    if (columns.column(column).domain().isPresent()) {
      throw new Outside("a condition on a value");
    }
    return ValueKind.of(columns.column(column).type());
  }

  private Condition infix(Expression.Infix infix) {
    OptionalInt left = columns.find(infix.left());
    Optional<Comparison> comparison = Comparison.of(infix.operator());
    if (left.isPresent()) {
      boolean nullLiteral =
          infix.right() instanceof Literal literal && literal.kind() == Literal.Kind.NULL;
      if (nullLiteral && infix.operator().equals("=")) {
        throw new Outside("what transform_null_equals may change");
      }
      ValueKind kind = kind(left.getAsInt());
      return compare(
          infix.operator(), left.getAsInt(), kind, constants.scalar(infix.right(), kind));
    }
    int right = column(infix.right());
    Comparison mirrored =
        comparison.orElseThrow(() -> new Outside("a pattern in a column")).mirrored();
    if (infix.left() instanceof Literal literal && literal.kind() == Literal.Kind.NULL) {
      throw new Outside("what transform_null_equals may change");
    }
    ValueKind kind = kind(right);
    return comparison(mirrored, right, kind, constants.scalar(infix.left(), kind));
  }

  /** A column, any operator, a constant. */
  private Condition compare(String operator, int column, ValueKind kind, Constant constant) {
    Optional<Comparison> comparison = Comparison.of(operator);
    if (comparison.isPresent()) {
      return comparison(comparison.get(), column, kind, constant);
    }
    if (kind != ValueKind.TEXT) {
      throw new Outside("an operator of another type");
    }
    Function<byte[], Condition> test =
        switch (operator) {
          case "~~" -> pattern -> like(column, pattern, false);
          case "~~*" -> pattern -> like(column, pattern, true);
          case "!~~" -> pattern -> new Condition.Not(like(column, pattern, false));
          case "!~~*" -> pattern -> new Condition.Not(like(column, pattern, true));
          case "^@" -> prefix -> new Condition.Prefix(column, prefix);
          default -> throw new Outside("another operator");
        };
    if (constant.guessed()) {
      return new Condition.Guess(column, Comparison.LESS);
    }
    return constant.isNull() ? UNKNOWN : test.apply(constant.content());
  }

  private static Condition like(int column, byte[] pattern, boolean folded) {
    return new Condition.Like(column, LikePattern.of(pattern, folded));
  }

  private static Condition comparison(
      Comparison comparison, int column, ValueKind kind, Constant constant) {
    if (constant.guessed()) {
      return new Condition.Guess(column, comparison);
    }
    if (constant.isNull()) {
      return UNKNOWN;
    }
    return kind.isNumber()
        ? new Condition.Numbers(column, comparison, constant.number())
        : new Condition.Octets(column, comparison, constant.content());
  }

  private Condition between(Expression.Between between) {
    if (between.symmetric()) {
      throw new Outside("BETWEEN SYMMETRIC");
    }
    int column = column(between.operand());
    ValueKind kind = kind(column);
    Constant low = constants.scalar(between.low(), kind);
    Constant high = constants.scalar(between.high(), kind);
    return between.negated()
        ? new Condition.Any(
            List.of(
                comparison(Comparison.LESS, column, kind, low),
                comparison(Comparison.GREATER, column, kind, high)))
        : new Condition.All(
            List.of(
                comparison(Comparison.GREATER_OR_EQUAL, column, kind, low),
                comparison(Comparison.LESS_OR_EQUAL, column, kind, high)));
  }

  private Condition in(Expression.In in) {
    int column = column(in.left());
    ValueKind kind = kind(column);
    List<Constant> list = in.list().stream().map(each -> constants.scalar(each, kind)).toList();
    Condition member = member(column, kind, list);
    return in.negated() ? new Condition.Not(member) : member;
  }

  private Condition quantified(Expression.Quantified quantified) {
    int column = column(quantified.left());
    ValueKind kind = kind(column);
    Optional<List<Constant>> array = constants.array(quantified.array(), kind);
    String operator = quantified.operator();
    if (array.isEmpty()) {
      compare(operator, column, kind, Constant.NULL); // the operator must be one of ours
      return UNKNOWN;
    }
    if (operator.equals("=") && !quantified.all()) {
      return member(column, kind, array.get());
    }
    if (operator.equals("<>") && quantified.all()) {
      return new Condition.Not(member(column, kind, array.get()));
    }
    if (array.get().isEmpty()) {
      compare(operator, column, kind, Constant.NULL);
    }
    List<Condition> each =
        array.get().stream().map(element -> compare(operator, column, kind, element)).toList();
    return quantified.all() ? new Condition.All(each) : new Condition.Any(each);
  }

  /** Whether a column is one of a list, which may be empty. */
  private static Condition member(int column, ValueKind kind, List<Constant> list) {
    if (list.isEmpty()) {
      return new Condition.Always(Condition.FALSE);
    }
    List<Constant> known = new ArrayList<>();
    for (Constant each : list) {
      if (each.guessed()) {
        return new Condition.Guess(column, Comparison.EQUAL);
      }
      if (!each.isNull()) {
        known.add(each);
      }
    }
    boolean orNull = known.size() < list.size();
    if (kind.isNumber()) {
      return new Condition.OneOfNumbers(
          column, known.stream().mapToLong(Constant::number).sorted().distinct().toArray(), orNull);
    }
    byte[][] sorted = known.stream().map(Constant::content).toArray(byte[][]::new);
    Arrays.sort(sorted, Arrays::compareUnsigned);
    return new Condition.OneOfOctets(column, sorted, orNull);
  }

  private Condition isNull(Expression.IsNull test) {
    int column = column(test.operand());
    kind(column);
    Condition isNull = new Condition.IsNull(column);
    return test.negated() ? new Condition.Not(isNull) : isNull;
  }
}

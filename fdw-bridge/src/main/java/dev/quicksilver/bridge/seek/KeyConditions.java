package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.Column;
import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Expression.Literal;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The keys for which a condition can be true. A condition that can be true for NULL excludes no
 * key, so that what is found holds for the nullable side of an outer join as well.
 */
final class KeyConditions {
  private final Parameters parameters;
  private final Set<Integer> unclear;

  /**
   * Reads conditions.
   *
   * @param unclear parameters whose type is not certain
   */
  KeyConditions(Parameters parameters, Set<Integer> unclear) {
    this.parameters = parameters;
    this.unclear = unclear;
  }

  /** The keys of an occurrence for which a condition can be true. */
  KeySet of(Expression condition, Occurrence occurrence, Block block) {
    return switch (condition) {
      case Expression.Logic logic -> {
        List<KeySet> sets =
            logic.operands().stream().map(operand -> of(operand, occurrence, block)).toList();
        yield logic.and()
            ? sets.stream().reduce(KeySet.ALL, KeySet::intersect)
            : KeySet.union(sets);
      }
      case Expression.IsTruth test when test.truth().orElse(false) && !test.negated() ->
          of(test.operand(), occurrence, block);
      case Literal literal when isNever(literal) -> KeySet.NONE;
      case Expression.Infix ignored -> leaf(condition, occurrence, block);
      case Expression.Between ignored -> leaf(condition, occurrence, block);
      case Expression.In ignored -> leaf(condition, occurrence, block);
      case Expression.Quantified ignored -> leaf(condition, occurrence, block);
      case Expression.Call ignored -> leaf(condition, occurrence, block);
      default -> KeySet.ALL;
    };
  }

  private static boolean isNever(Literal literal) {
    return literal.kind() == Literal.Kind.NULL
        || (literal.kind() == Literal.Kind.BOOLEAN && "false".equals(literal.text()));
  }

  private KeySet leaf(Expression condition, Occurrence occurrence, Block block) {
    if (hasUnclearParameter(condition)) {
      return KeySet.ALL;
    }
    var columns = new KeyOf(occurrence, block);
    var constants = new Constants(parameters);
    try {
      return switch (condition) {
        case Expression.Infix infix when infix.left() instanceof Expression.Row row ->
            rows(infix, row, columns, constants);
        case Expression.Infix infix when infix.operator().equals("~") ->
            begins(infix.left(), infix.right(), true, columns, constants);
        case Expression.Call call
            when call.name().equals("starts_with") && call.arguments().size() == 2 ->
            begins(
                call.arguments().getFirst(), call.arguments().getLast(), false, columns, constants);
        default -> bounds(new Conditions(columns, constants).read(condition), occurrence);
      };
    } catch (Outside e) {
      return KeySet.ALL;
    }
  }

  private boolean hasUnclearParameter(Expression expression) {
    return expression instanceof Expression.Parameter parameter
        ? unclear.contains(parameter.number())
        : Syntax.parts(expression).stream().anyMatch(this::hasUnclearParameter);
  }

  private static KeySet bounds(Condition condition, Occurrence occurrence) {
    if (condition instanceof Condition.Guess guess && guess.comparison() == Comparison.EQUAL) {
      // What postgres_fdw puts in the place of a value is NULL. So this is true of no key, and that
      // is about as many rows as there will be.
      return KeySet.NONE;
    }
    return Bounds.of(condition, occurrence.keyColumn()).keys();
  }

  /** A comparison of rows is decided by their first fields, unless these are equal. */
  private static KeySet rows(
      Expression.Infix infix, Expression.Row left, KeyOf columns, Constants constants) {
    if (!(infix.right() instanceof Expression.Row right)
        || left.fields().size() != right.fields().size()
        || left.fields().isEmpty()) {
      throw new Outside("not two rows");
    }
    String operator =
        switch (infix.operator()) {
          case "=" -> "=";
          case "<", "<=" -> "<=";
          case ">", ">=" -> ">=";
          default -> throw new Outside("another comparison of rows");
        };
    var first =
        new Expression.Infix(
            operator, left.fields().getFirst(), right.fields().getFirst(), infix.position());
    return bounds(new Conditions(columns, constants).read(first), columns.occurrence());
  }

  /** A key that matches a regular expression, or begins with a text. */
  private static KeySet begins(
      Expression left, Expression right, boolean regex, KeyOf columns, Constants constants) {
    int column = columns.find(left).orElseThrow(() -> new Outside("not a key"));
    if (ValueKind.of(columns.column(column).type()) != ValueKind.TEXT) {
      throw new Outside("a key that is no text");
    }
    Constant constant = constants.scalar(right, ValueKind.TEXT);
    if (constant.isNull()) {
      return constant.guessed() ? KeySet.ALL : KeySet.NONE;
    }
    byte[] content = constant.content();
    return KeySet.prefix(regex ? RegexPrefix.of(Input.string(content)) : content);
  }

  /** Finds the key of one occurrence and nothing else. */
  private record KeyOf(Occurrence occurrence, Block block) implements Columns {
    @Override
    public OptionalInt find(Expression expression) {
      return block
          .find(expression)
          .filter(key -> Objects.equals(key.occurrence(), occurrence) && key.restricts())
          .map(key -> OptionalInt.of(occurrence.keyColumn()))
          .orElse(OptionalInt.empty());
    }

    @Override
    public Column column(int index) {
      return occurrence.relation().columns().get(index);
    }
  }
}

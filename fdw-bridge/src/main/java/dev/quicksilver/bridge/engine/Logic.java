package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.PgRecord;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Three-valued logic, NULL tests and CASE. */
final class Logic {
  private Logic() {}

  /** AND or OR; flattens nested ones of the same kind. */
  static Expr connect(boolean and, List<Expr> operands) {
    String name = and ? "and" : "or";
    List<Expr> flat = new ArrayList<>();
    for (Expr operand : operands) {
      if (operand instanceof Expr.Computed computed && computed.name().equals(name)) {
        flat.addAll(computed.arguments());
      } else {
        flat.add(operand);
      }
    }
    return new Expr.Computed(
        name,
        Type.BOOL,
        flat,
        args -> {
          Expr[] each = args.toArray(Expr[]::new);
          return row -> {
            boolean unknown = false;
            for (Expr operand : each) {
              Object value = operand.eval(row);
              if (value == null) {
                unknown = true;
              } else if ((Boolean) value != and) {
                return !and;
              }
            }
            return unknown ? null : (Boolean) and;
          };
        });
  }

  static Expr not(Expr operand) {
    return Expr.strict("not", Type.BOOL, operand, value -> !(Boolean) value);
  }

  static Expr isNull(Expr operand, boolean negated) {
    boolean row = operand.type() == Type.RECORD;
    return new Expr.Computed(
        negated ? "is not null" : "is null",
        Type.BOOL,
        List.of(operand),
        args -> {
          Expr tested = args.getFirst();
          return current -> {
            Object value = tested.eval(current);
            if (row && value instanceof PgRecord record) {
              return record.fields().stream().allMatch(field -> (field == null) != negated);
            }
            return (value == null) != negated;
          };
        });
  }

  static Expr isTruth(Expr operand, Expression.IsTruth test) {
    Boolean wanted = test.truth().orElse(null);
    boolean negated = test.negated();
    return new Expr.Computed(
        "is " + (negated ? "not " : "") + wanted,
        Type.BOOL,
        List.of(operand),
        args -> row -> Objects.equals(args.getFirst().eval(row), wanted) != negated);
  }

  static Expr isDistinct(Expr left, Expr right, boolean negated, ZoneId zone) {
    Expr equal =
        left.type() == Type.UNKNOWN || right.type() == Type.UNKNOWN || left.type() != right.type()
            ? null
            : left;
    Type common = equal != null ? left.type() : Casts.common(left.type(), right.type());
    if (common == null) {
      throw Operators.missing("IS DISTINCT FROM", left, right);
    }
    Type type = common == Type.UNKNOWN ? Type.TEXT : common;
    return new Expr.Computed(
        negated ? "is not distinct" : "is distinct",
        Type.BOOL,
        List.of(Casts.to(type, left, zone), Casts.to(type, right, zone)),
        args ->
            row -> {
              Object a = args.get(0).eval(row);
              Object b = args.get(1).eval(row);
              boolean same = Order.compareNullable(type, a, b, false) == 0;
              return same == negated;
            });
  }

  static Expr choice(Compiler compiler, Expression.Case choice) {
    ZoneId zone = compiler.context().zone();
    List<Expr> conditions = new ArrayList<>();
    List<Expr> results = new ArrayList<>();
    Expr operand = choice.operand().map(compiler::compile).orElse(null);
    for (Expression.Case.When when : choice.whens()) {
      conditions.add(
          operand == null
              ? compiler.condition(when.condition())
              : Operators.comparison("=", operand, compiler.compile(when.condition()), zone));
      results.add(compiler.compile(when.result()));
    }
    results.add(
        choice.otherwise().map(compiler::compile).orElse(new Expr.Constant(Type.UNKNOWN, null)));
    Type type = Type.UNKNOWN;
    for (Expr result : results) {
      Type common = Casts.common(type, result.type());
      if (common == null) {
        throw PgException.of(
            SqlState.DATATYPE_MISMATCH,
            "CASE types "
                + type.sqlName()
                + " and "
                + result.type().sqlName()
                + " cannot be matched");
      }
      type = common;
    }
    Type common = type == Type.UNKNOWN ? Type.TEXT : type;
    List<Expr> arguments = new ArrayList<>(conditions);
    results.forEach(result -> arguments.add(Casts.to(common, result, zone)));
    int branches = conditions.size();
    return new Expr.Computed(
        "case" + branches, common, arguments, args -> row -> evaluate(args, branches, row));
  }

  private static @Nullable Object evaluate(List<Expr> args, int branches, @Nullable Object[] row) {
    for (int i = 0; i < branches; i++) {
      if (Operators.isTrue(args.get(i).eval(row))) {
        return args.get(branches + i).eval(row);
      }
    }
    return args.getLast().eval(row);
  }
}

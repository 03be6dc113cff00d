package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Target list, grouping and ordering of one query block. */
final class Output {
  private final QueryContext context;
  private final Scope scope;
  private final Compiler compiler;
  private final Select select;
  private final List<String> names = new ArrayList<>();
  private final List<Expr> inputs = new ArrayList<>();
  private final List<Compiler.AggregateCall> calls = new ArrayList<>();
  private final List<Expr> groups = new ArrayList<>();
  private List<Expr> targets = new ArrayList<>();
  private List<Order.By> order = new ArrayList<>();
  private @Nullable Expr having;
  private boolean grouped;

  Output(QueryContext context, Scope scope, Compiler compiler, Select select) {
    this.context = context;
    this.scope = scope;
    this.compiler = compiler;
    this.select = select;
  }

  /** Compiles everything; afterwards targets and order refer to rows after grouping. */
  void resolve() {
    compiler.collectAggregates(calls);
    for (Select.Target target : select.targets()) {
      if (target.star()) {
        star((Expression.Name) target.expression());
      } else {
        targets.add(compiler.compile(target.expression()));
        names.add(target.alias().orElseGet(() -> name(target.expression())));
      }
    }
    having = select.having().map(compiler::condition).orElse(null);
    for (Select.Order each : select.orderBy()) {
      order.add(
          new Order.By(
              known(sortKey(each.expression())), each.descending(), each.nullsComeFirst()));
    }
    compiler.collectAggregates(null);
    for (Expression group : select.groupBy()) {
      groups.add(groupKey(group));
    }
    targets = new ArrayList<>(targets.stream().map(this::known).toList());
    grouped = !calls.isEmpty() || !groups.isEmpty() || having != null;
    if (grouped) {
      inputs.addAll(groups);
      for (Compiler.AggregateCall call : calls) {
        inputs.addAll(call.arguments());
        call.order().forEach(by -> inputs.add(by.key()));
        Expr filter = call.filter();
        if (filter != null) {
          inputs.add(filter);
        }
      }
      targets = new ArrayList<>(targets.stream().map(this::afterGrouping).toList());
      order =
          new ArrayList<>(
              order.stream()
                  .map(
                      by -> new Order.By(afterGrouping(by.key()), by.descending(), by.nullsFirst()))
                  .toList());
      Expr condition = having;
      having = condition == null ? null : afterGrouping(condition);
    } else {
      inputs.addAll(targets);
      order.forEach(by -> inputs.add(by.key()));
    }
  }

  /** A literal of unknown type in the output is text. */
  private Expr known(Expr expr) {
    return expr.type() == Type.UNKNOWN ? Casts.to(Type.TEXT, expr, context.zone()) : expr;
  }

  private void star(Expression.Name name) {
    boolean any = false;
    for (Scope.Item item : scope.items()) {
      if (!name.parts().isEmpty() && !item.alias().equals(name.parts().getLast())) {
        continue;
      }
      any = true;
      for (int i = 0; i < item.fields().size(); i++) {
        Scope.Field field = item.fields().get(i);
        if (!field.hidden()) {
          targets.add(new Expr.Column(item.offset() + i, field.type()));
          names.add(field.name());
        }
      }
    }
    if (!any) {
      throw PgException.of(
              SqlState.UNDEFINED_TABLE,
              name.parts().isEmpty()
                  ? "SELECT * with no tables specified is not valid"
                  : "missing FROM-clause entry for table \"" + name.parts().getLast() + "\"")
          .at(name.position());
    }
  }

  private static String name(Expression expression) {
    return switch (expression) {
      case Expression.Name name -> name.parts().getLast();
      case Expression.Call call -> call.name();
      case Expression.Cast cast -> {
        String inner = name(cast.operand());
        yield inner.equals("?column?") ? cast.type().name() : inner;
      }
      case Expression.Case choice -> "case";
      case Expression.Row row -> "row";
      case Expression.ArrayOf array -> "array";
      case Expression.Exists exists -> "exists";
      case Expression.Collate collate -> name(collate.operand());
      default -> "?column?";
    };
  }

  private @Nullable Expr ordinal(Expression expression) {
    if (expression instanceof Expression.Literal literal
        && literal.kind() == Expression.Literal.Kind.INTEGER) {
      int position;
      try {
        position = Integer.parseInt(String.valueOf(literal.text()));
      } catch (NumberFormatException e) {
        position = 0;
      }
      if (position < 1 || position > targets.size()) {
        throw PgException.of(
                SqlState.INVALID_COLUMN_REFERENCE,
                "position " + literal.text() + " is not in select list")
            .at(literal.position());
      }
      return targets.get(position - 1);
    }
    return null;
  }

  private Expr sortKey(Expression expression) {
    Expr byOrdinal = ordinal(expression);
    if (byOrdinal != null) {
      return byOrdinal;
    }
    if (expression instanceof Expression.Name name && name.parts().size() == 1) {
      int index = names.indexOf(name.parts().getFirst());
      if (index >= 0) {
        return targets.get(index);
      }
    }
    return compiler.compile(expression);
  }

  private Expr groupKey(Expression expression) {
    Expr byOrdinal = ordinal(expression);
    if (byOrdinal != null) {
      return known(byOrdinal);
    }
    if (expression instanceof Expression.Name name
        && name.parts().size() == 1
        && scope.find(name) == null) {
      int index = names.indexOf(name.parts().getFirst());
      if (index >= 0) {
        return known(targets.get(index));
      }
    }
    return known(compiler.compile(expression));
  }

  /** Rewrites an expression over input rows into one over group keys and aggregate results. */
  private Expr afterGrouping(Expr expr) {
    int index = groups.indexOf(expr);
    if (index >= 0) {
      return new Expr.Column(index, expr.type());
    }
    return switch (expr) {
      case Expr.AggregateRef reference ->
          new Expr.Column(groups.size() + reference.index(), reference.type());
      case Expr.Constant constant -> constant;
      case Expr.Computed computed ->
          computed.with(computed.arguments().stream().map(this::afterGrouping).toList());
      case Expr.Column column ->
          throw PgException.of(
              SqlState.GROUPING_ERROR,
              "a column must appear in the GROUP BY clause or be used in an aggregate function");
    };
  }

  /** Adds grouping and HAVING, if the block has them. */
  Plan group(Plan input, @Nullable From from, List<Expr> where) {
    if (!grouped) {
      return input;
    }
    Plan result = counted(from, where);
    if (result == null) {
      result = new GroupPlan(input, groups, calls);
    }
    Expr condition = having;
    return condition == null ? result : Plans.filter(result, List.of(condition));
  }

  /** count(*) of a whole relation that knows its size. */
  private @Nullable Plan counted(@Nullable From from, List<Expr> where) {
    boolean countsOnly =
        groups.isEmpty()
            && calls.stream()
                .allMatch(
                    call ->
                        call.name().equals("count")
                            && call.arguments().isEmpty()
                            && call.filter() == null);
    if (!countsOnly
        || !where.isEmpty()
        || !(from instanceof From.Table table)
        || table.sample() < 1
        || !table.relation().rowsAreExact()) {
      return null;
    }
    Object[] row = new Object[calls.size()];
    java.util.Arrays.fill(row, table.relation().rows());
    return Plans.single(row);
  }

  boolean grouped() {
    return grouped;
  }

  List<Expr> inputs() {
    return inputs;
  }

  List<Expr> targets() {
    return targets;
  }

  List<String> names() {
    return names;
  }

  List<Order.By> order() {
    return order;
  }

  /** The order in terms of output columns, as DISTINCT needs it. */
  List<Order.By> orderOfOutput() {
    List<Order.By> result = new ArrayList<>();
    for (Order.By by : order) {
      int index = targets.indexOf(by.key());
      if (index < 0) {
        throw PgException.of(
            SqlState.INVALID_COLUMN_REFERENCE,
            "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
      }
      result.add(
          new Order.By(new Expr.Column(index, by.key().type()), by.descending(), by.nullsFirst()));
    }
    return result;
  }
}

package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Grouping and aggregation by hash; gives the group keys followed by the aggregates' results. */
record GroupPlan(Plan input, List<Expr> keys, List<Compiler.AggregateCall> calls) implements Plan {
  @Override
  public double rows() {
    return keys.isEmpty()
        ? 1
        : Math.max(1, Math.min(input.rows(), Math.max(10, input.rows() / 10)));
  }

  @Override
  public double cost() {
    return startupCost() + rows() * 0.01;
  }

  @Override
  public double startupCost() {
    return input.cost() + input.rows() * 0.0025 * (keys.size() + calls.size());
  }

  @Override
  public RowSource open(QueryContext context) {
    Expr[] each = keys.toArray(Expr[]::new);
    List<Type> types = keys.stream().map(Expr::type).toList();
    Map<List<@Nullable Object>, Group> groups = new LinkedHashMap<>();
    if (each.length == 0) {
      groups.put(List.of(), new Group(new Object[0], calls));
    }
    try (RowSource rows = input.open(context)) {
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        context.tick();
        @Nullable Object[] values = Plans.evaluate(each, row);
        List<@Nullable Object> hash = Plans.hashKeys(types, values);
        Group group = groups.get(hash);
        if (group == null) {
          context.hold();
          group = new Group(values, calls);
          groups.put(hash, group);
        }
        group.add(row, context);
      }
    }
    return Plans.of(groups.values().stream().map(Group::result).iterator());
  }

  private static final class Group {
    private final @Nullable Object[] keys;
    private final Accumulator[] accumulators;

    Group(@Nullable Object[] keys, List<Compiler.AggregateCall> calls) {
      this.keys = keys;
      this.accumulators = calls.stream().map(Accumulator::new).toArray(Accumulator[]::new);
    }

    void add(@Nullable Object[] row, QueryContext context) {
      for (Accumulator accumulator : accumulators) {
        accumulator.add(row, context);
      }
    }

    @Nullable Object[] result() {
      @Nullable Object[] result = new Object[keys.length + accumulators.length];
      System.arraycopy(keys, 0, result, 0, keys.length);
      for (int i = 0; i < accumulators.length; i++) {
        result[keys.length + i] = accumulators[i].result();
      }
      return result;
    }
  }

  /** One aggregate of one group: FILTER, DISTINCT and ORDER BY are applied here. */
  private static final class Accumulator {
    private final Compiler.AggregateCall call;
    private final Aggregates.State state;
    private final Expr[] arguments;
    private final Expr[] sortKeys;
    private final List<Type> types;
    private final Set<List<@Nullable Object>> seen = new HashSet<>();
    private final List<@Nullable Object[][]> kept = new ArrayList<>();

    Accumulator(Compiler.AggregateCall call) {
      this.call = call;
      this.state = call.function().states().get();
      this.arguments = call.arguments().toArray(Expr[]::new);
      this.sortKeys = call.order().stream().map(Order.By::key).toArray(Expr[]::new);
      this.types = call.arguments().stream().map(Expr::type).toList();
    }

    void add(@Nullable Object[] row, QueryContext context) {
      Expr filter = call.filter();
      if (filter != null && !Operators.isTrue(filter.eval(row))) {
        return;
      }
      @Nullable Object[] values = Plans.evaluate(arguments, row);
      if (call.distinct()) {
        if (!seen.add(Plans.hashKeys(types, values))) {
          return;
        }
        context.hold();
      }
      if (sortKeys.length == 0) {
        state.add(values);
      } else {
        context.hold();
        kept.add(new Object[][] {Plans.evaluate(sortKeys, row), values});
      }
    }

    @Nullable Object result() {
      var comparator = Order.comparator(call.order());
      kept.sort((a, b) -> comparator.compare(a[0], b[0]));
      kept.forEach(pair -> state.add(pair[1]));
      kept.clear();
      return state.result();
    }
  }
}

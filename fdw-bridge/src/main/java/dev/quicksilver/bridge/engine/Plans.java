package dev.quicksilver.bridge.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The simple plan nodes. */
final class Plans {
  private Plans() {}

  /** One row without columns: FROM is missing. */
  static Plan single(@Nullable Object... row) {
    return plan(1, 0.01, context -> of(List.<@Nullable Object[]>of(row).iterator()));
  }

  private interface Opener {
    RowSource open(QueryContext context);
  }

  private static Plan plan(double rows, double cost, Opener opener) {
    return new Plan() {
      @Override
      public RowSource open(QueryContext context) {
        return opener.open(context);
      }

      @Override
      public double rows() {
        return rows;
      }

      @Override
      public double cost() {
        return cost;
      }
    };
  }

  static RowSource of(Iterator<@Nullable Object[]> rows) {
    return new RowSource() {
      @Override
      public @Nullable Object @Nullable [] next() {
        return rows.hasNext() ? rows.next() : null;
      }

      @Override
      public void close() {}
    };
  }

  /** A source that makes its rows from another one. */
  private abstract static class Derived implements RowSource {
    final RowSource input;

    Derived(RowSource input) {
      this.input = input;
    }

    @Override
    public void close() {
      input.close();
    }
  }

  static Plan filter(Plan input, List<Expr> conditions) {
    if (conditions.isEmpty()) {
      return input;
    }
    Expr[] each = conditions.toArray(Expr[]::new);
    return plan(
        Math.max(1, input.rows() * Math.pow(0.33, each.length)),
        input.cost() + input.rows() * 0.0025 * each.length,
        context ->
            new Derived(input.open(context)) {
              @Override
              public @Nullable Object @Nullable [] next() {
                for (Object[] row = input.next(); row != null; row = input.next()) {
                  context.tick();
                  if (ScanPlan.accepts(each, row)) {
                    return row;
                  }
                }
                return null;
              }
            });
  }

  static Plan project(Plan input, List<Expr> targets) {
    Expr[] each = targets.toArray(Expr[]::new);
    return plan(
        input.rows(),
        input.cost() + input.rows() * 0.001 * each.length,
        context ->
            new Derived(input.open(context)) {
              @Override
              public @Nullable Object @Nullable [] next() {
                Object[] row = input.next();
                return row == null ? null : evaluate(each, row);
              }
            });
  }

  static @Nullable Object[] evaluate(Expr[] each, @Nullable Object[] row) {
    @Nullable Object[] result = new Object[each.length];
    for (int i = 0; i < each.length; i++) {
      result[i] = each[i].eval(row);
    }
    return result;
  }

  /** Puts the rows of a subselect into their slots of the outer block's row. */
  static Plan shift(Plan input, int offset, int columns, int width, List<Expr> filters) {
    Plan shifted =
        plan(
            input.rows(),
            input.cost(),
            context ->
                new Derived(input.open(context)) {
                  @Override
                  public @Nullable Object @Nullable [] next() {
                    Object[] row = input.next();
                    if (row == null) {
                      return null;
                    }
                    @Nullable Object[] wide = new Object[width];
                    System.arraycopy(row, 0, wide, offset, columns);
                    wide[offset + columns] = true;
                    return wide;
                  }
                });
    return filter(shifted, filters);
  }

  /** Sorts; keeps only the first {@code most} rows if that is not negative. */
  static Plan sort(Plan input, List<Order.By> order, long most) {
    Expr[] keys = order.stream().map(Order.By::key).toArray(Expr[]::new);
    Comparator<Keyed> comparator = Comparator.comparing(Keyed::keys, Order.comparator(order));
    double log = Math.log(Math.max(2, input.rows())) / Math.log(2);
    double cost = input.cost() + input.rows() * log * 0.005;
    return plan(
        input.rows(),
        cost,
        context -> {
          try (RowSource rows = input.open(context)) {
            List<Keyed> sorted =
                most >= 0 && most <= 100_000
                    ? first(rows, keys, comparator, (int) most)
                    : all(rows, keys, comparator, context);
            return of(sorted.stream().map(Keyed::row).iterator());
          }
        });
  }

  /** A row with its sort keys. */
  private static final class Keyed {
    private final @Nullable Object[] keys;
    private final @Nullable Object[] row;

    Keyed(@Nullable Object[] keys, @Nullable Object[] row) {
      this.keys = keys;
      this.row = row;
    }

    @Nullable Object[] keys() {
      return keys;
    }

    @Nullable Object[] row() {
      return row;
    }
  }

  private static List<Keyed> all(
      RowSource rows, Expr[] keys, Comparator<Keyed> comparator, QueryContext context) {
    List<Keyed> list = new ArrayList<>();
    for (Object[] row = rows.next(); row != null; row = rows.next()) {
      context.hold();
      list.add(new Keyed(evaluate(keys, row), row));
    }
    list.sort(comparator);
    return list;
  }

  private static List<Keyed> first(
      RowSource rows, Expr[] keys, Comparator<Keyed> comparator, int most) {
    var heap = new PriorityQueue<Keyed>(Math.max(1, Math.min(most, 1024)), comparator.reversed());
    for (Object[] row = rows.next(); row != null; row = rows.next()) {
      heap.add(new Keyed(evaluate(keys, row), row));
      if (heap.size() > most) {
        heap.poll();
      }
    }
    List<Keyed> list = new ArrayList<>(heap);
    list.sort(comparator);
    return list;
  }

  static Plan limit(Plan input, long offset, long count) {
    double rows = Math.max(0, Math.min(input.rows() - offset, (double) count));
    double share = input.rows() <= 0 ? 1 : Math.min(1, (offset + rows) / input.rows());
    return plan(
        rows,
        input.startupCost() + (input.cost() - input.startupCost()) * share,
        context ->
            new Derived(input.open(context)) {
              private long skip = offset;
              private long left = count;

              @Override
              public @Nullable Object @Nullable [] next() {
                while (skip > 0 && left > 0) {
                  if (input.next() == null) {
                    left = 0;
                  }
                  skip--;
                }
                if (left <= 0) {
                  return null;
                }
                left--;
                return input.next();
              }
            });
  }

  static Plan distinct(Plan input, List<dev.quicksilver.bridge.types.Type> types) {
    return plan(
        Math.max(1, input.rows() / 10),
        input.cost() + input.rows() * 0.01,
        context ->
            new Derived(input.open(context)) {
              private final Set<List<@Nullable Object>> seen = new HashSet<>();

              @Override
              public @Nullable Object @Nullable [] next() {
                for (Object[] row = input.next(); row != null; row = input.next()) {
                  if (seen.add(hashKeys(types, row))) {
                    context.hold();
                    return row;
                  }
                }
                return null;
              }
            });
  }

  static List<@Nullable Object> hashKeys(
      List<dev.quicksilver.bridge.types.Type> types, @Nullable Object[] row) {
    @Nullable Object[] keys = new Object[types.size()];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = Order.hashKey(types.get(i), row[i]);
    }
    return Arrays.asList(keys);
  }
}

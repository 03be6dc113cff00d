package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.Select.JoinKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A join: the right side is held in memory, by hash of the equality keys if there are any; the left
 * side streams.
 *
 * @param rightFrom first slot of the right side
 * @param rightTo slot after its last
 */
record JoinPlan(
    JoinKind kind,
    Plan left,
    Plan right,
    int rightFrom,
    int rightTo,
    List<Expr> leftKeys,
    List<Expr> rightKeys,
    List<Expr> residual)
    implements Plan {
  @Override
  public double rows() {
    double product = left.rows() * right.rows();
    double matched =
        leftKeys.isEmpty()
            ? product * Math.pow(0.33, residual.size())
            : product / Math.max(1, Math.max(left.rows(), right.rows()));
    return switch (kind) {
      case LEFT -> Math.max(left.rows(), matched);
      case RIGHT -> Math.max(right.rows(), matched);
      case FULL -> Math.max(left.rows() + right.rows(), matched);
      case INNER, CROSS -> Math.max(1, matched);
    };
  }

  @Override
  public double cost() {
    double pairs = leftKeys.isEmpty() ? left.rows() * right.rows() : rows();
    return left.cost() + right.cost() + (left.rows() + right.rows()) * 0.01 + pairs * 0.0025;
  }

  /** A row of the right side. */
  private static final class Held {
    private final @Nullable Object[] row;
    private boolean matched;

    Held(@Nullable Object[] row) {
      this.row = row;
    }
  }

  @Override
  public RowSource open(QueryContext context) {
    Expr[] keys = rightKeys.toArray(Expr[]::new);
    List<Held> all = new ArrayList<>();
    Map<List<Object>, List<Held>> byKey = new HashMap<>();
    try (RowSource rows = right.open(context)) {
      for (Object[] row = rows.next(); row != null; row = rows.next()) {
        context.hold();
        var held = new Held(row);
        all.add(held);
        List<Object> key = keys.length == 0 ? null : key(keys, row);
        if (key != null) {
          byKey.computeIfAbsent(key, ignored -> new ArrayList<>()).add(held);
        }
      }
    }
    return new Joined(context, left.open(context), all, byKey);
  }

  /** The equality key, or null if any part is NULL, which equals nothing. */
  private static @Nullable List<Object> key(Expr[] keys, @Nullable Object[] row) {
    Object[] values = new Object[keys.length];
    for (int i = 0; i < keys.length; i++) {
      Object value = Order.hashKey(keys[i].type(), keys[i].eval(row));
      if (value == null) {
        return null;
      }
      values[i] = value;
    }
    return Arrays.asList(values);
  }

  private final class Joined implements RowSource {
    private final QueryContext context;
    private final RowSource outer;
    private final List<Held> all;
    private final Map<List<Object>, List<Held>> byKey;
    private final Expr[] keys = leftKeys.toArray(Expr[]::new);
    private final Expr[] conditions = residual.toArray(Expr[]::new);
    private final boolean keepLeft = kind == JoinKind.LEFT || kind == JoinKind.FULL;
    private final boolean keepRight = kind == JoinKind.RIGHT || kind == JoinKind.FULL;
    private @Nullable Object @Nullable [] current;
    private boolean currentMatched;
    private List<Held> candidates = List.of();
    private int next;
    private int unmatched = -1;

    Joined(
        QueryContext context,
        RowSource outer,
        List<Held> all,
        Map<List<Object>, List<Held>> byKey) {
      this.context = context;
      this.outer = outer;
      this.all = all;
      this.byKey = byKey;
    }

    @Override
    public @Nullable Object @Nullable [] next() {
      while (unmatched < 0) {
        Object[] row = current;
        if (row == null) {
          advance();
          continue;
        }
        while (next < candidates.size()) {
          Held held = candidates.get(next++);
          context.tick();
          @Nullable Object[] joined = row.clone();
          System.arraycopy(held.row, rightFrom, joined, rightFrom, rightTo - rightFrom);
          if (ScanPlan.accepts(conditions, joined)) {
            held.matched = true;
            currentMatched = true;
            return joined;
          }
        }
        current = null;
        if (keepLeft && !currentMatched) {
          return row;
        }
      }
      while (keepRight && unmatched < all.size()) {
        Held held = all.get(unmatched++);
        if (!held.matched) {
          return held.row;
        }
      }
      return null;
    }

    private void advance() {
      Object[] row = outer.next();
      current = row;
      if (row == null) {
        unmatched = 0;
        return;
      }
      next = 0;
      currentMatched = false;
      if (keys.length == 0) {
        candidates = all;
      } else {
        List<Object> key = key(keys, row);
        candidates = key == null ? List.of() : byKey.getOrDefault(key, List.of());
      }
    }

    @Override
    public void close() {
      outer.close();
    }
  }
}

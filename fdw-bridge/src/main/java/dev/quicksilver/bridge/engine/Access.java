package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.sql.Select.JoinKind;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Chooses how the relations of FROM are read: key bounds, direction, pruned columns, join keys. */
final class Access {
  private final BitSet used = new BitSet();
  private final int width;
  private final QueryContext context;
  private boolean ordered;

  Access(int width, QueryContext context) {
    this.width = width;
    this.context = context;
  }

  /** Notes the slots that expressions read. */
  void use(List<Expr> expressions) {
    for (Expr expression : expressions) {
      Expr.walk(
          expression,
          part -> {
            if (part instanceof Expr.Column column) {
              used.set(column.slot());
            }
          });
    }
  }

  void useConditions(From from) {
    if (from instanceof From.Join join) {
      use(join.condition());
      useConditions(join.left());
      useConditions(join.right());
    }
  }

  /** Whether the plan gives its rows in the wanted order. */
  boolean ordered() {
    return ordered;
  }

  Plan plan(From from, List<Expr> where, List<Order.By> order) {
    return switch (from) {
      case From.Table table -> scan(table, where, order);
      case From.Sub sub ->
          Plans.shift(sub.block().plan(), sub.from(), sub.item().fields().size(), width, where);
      case From.Join join -> join(join, where);
    };
  }

  private Plan scan(From.Table table, List<Expr> where, List<Order.By> order) {
    Relation relation = table.relation();
    int key = relation.keyColumn();
    KeySet keys = KeySet.ALL;
    List<Expr> filters = new ArrayList<>();
    double rows = (double) relation.rows();
    for (Expr condition : where) {
      Bounds bounds =
          key < 0 ? new Bounds(KeySet.ALL, false) : Bounds.of(condition, table.from() + key);
      keys = keys.intersect(bounds.keys());
      if (!bounds.exact()) {
        filters.add(condition);
        rows *= selectivity(condition, key < 0 ? -1 : table.from() + key, (double) relation.rows());
      }
    }
    if (!keys.isAll()) {
      rows *=
          keys.onlySingles()
              ? Math.min(1, keys.intervals().size() / Math.max(1.0, (double) relation.rows()))
              : 0.1;
    }
    if (table.sample() < 1) {
      rows *= table.sample();
      filters.add(sample(table.sample()));
    }
    boolean backward = false;
    if (key >= 0
        && !order.isEmpty()
        && order.getFirst().key() instanceof Expr.Column column
        && column.slot() == table.from() + key) {
      ordered = true;
      backward = order.getFirst().descending();
    }
    BitSet columns = used.get(table.from(), table.from() + relation.columns().size());
    return new ScanPlan(
        relation,
        keys,
        backward,
        table.from(),
        width,
        columns,
        List.copyOf(filters),
        Math.max(keys.intervals().isEmpty() ? 0 : 1, rows));
  }

  private Expr sample(double share) {
    Expr random = Functions.call("random", List.of(), context.zone());
    return Operators.comparison("<", random, new Expr.Constant(Type.FLOAT8, share), context.zone());
  }

  /** The share of rows for which a condition holds, by rule of thumb. */
  private static double selectivity(Expr condition, int keySlot, double rows) {
    if (condition instanceof Expr.Computed computed) {
      boolean onKey =
          keySlot >= 0
              && computed.arguments().stream()
                  .anyMatch(a -> a instanceof Expr.Column c && c.slot() == keySlot);
      return switch (computed.name()) {
        case "=" -> onKey || rows < 200 ? 1 / Math.max(1, rows) : 0.005;
        case "=any" -> onKey ? Math.min(1, 10 / Math.max(1, rows)) : 0.05;
        case "<>", "is not null", "!~~", "!~" -> 0.99;
        case "is null" -> 0.005;
        case "or" -> 0.5;
        default -> 0.3333;
      };
    }
    return 0.3333;
  }

  private Plan join(From.Join join, List<Expr> where) {
    JoinKind kind = join.kind() == JoinKind.CROSS ? JoinKind.INNER : join.kind();
    List<Expr> left = new ArrayList<>();
    List<Expr> right = new ArrayList<>();
    List<Expr> both = new ArrayList<>();
    List<Expr> above = new ArrayList<>();
    for (Expr condition : join.condition()) {
      boolean toLeft = kind == JoinKind.INNER || kind == JoinKind.RIGHT;
      boolean toRight = kind == JoinKind.INNER || kind == JoinKind.LEFT;
      if (toLeft && From.covers(join.left(), condition)) {
        left.add(condition);
      } else if (toRight && From.covers(join.right(), condition)) {
        right.add(condition);
      } else {
        both.add(condition);
      }
    }
    for (Expr condition : where) {
      boolean toLeft = kind == JoinKind.INNER || kind == JoinKind.LEFT;
      boolean toRight = kind == JoinKind.INNER || kind == JoinKind.RIGHT;
      if (toLeft && From.covers(join.left(), condition)) {
        left.add(condition);
      } else if (toRight && From.covers(join.right(), condition)) {
        right.add(condition);
      } else if (kind == JoinKind.INNER) {
        both.add(condition);
      } else {
        above.add(condition);
      }
    }
    List<Expr> leftKeys = new ArrayList<>();
    List<Expr> rightKeys = new ArrayList<>();
    List<Expr> residual = new ArrayList<>();
    for (Expr condition : both) {
      if (!equality(condition, join, leftKeys, rightKeys)) {
        residual.add(condition);
      }
    }
    Plan plan =
        new JoinPlan(
            kind,
            plan(join.left(), left, List.of()),
            plan(join.right(), right, List.of()),
            join.right().from(),
            join.right().to(),
            leftKeys,
            rightKeys,
            residual);
    return Plans.filter(plan, above);
  }

  private static boolean equality(
      Expr condition, From.Join join, List<Expr> leftKeys, List<Expr> rightKeys) {
    if (!(condition instanceof Expr.Computed computed) || !computed.name().equals("=")) {
      return false;
    }
    Expr a = computed.arguments().get(0);
    Expr b = computed.arguments().get(1);
    if (a.type() != b.type()) {
      return false;
    }
    if (From.covers(join.left(), a) && From.covers(join.right(), b)) {
      leftKeys.add(a);
      rightKeys.add(b);
      return true;
    }
    if (From.covers(join.left(), b) && From.covers(join.right(), a)) {
      leftKeys.add(b);
      rightKeys.add(a);
      return true;
    }
    return false;
  }
}

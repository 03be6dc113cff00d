package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.sql.Select.JoinKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** FROM with resolved names. */
sealed interface From {
  /** Slots from (inclusive) to (exclusive). */
  int from();

  int to();

  /** A relation, with the share of its rows that TABLESAMPLE wants (1 for all). */
  record Table(Relation relation, Scope.Item item, double sample) implements From {
    @Override
    public int from() {
      return item.offset();
    }

    @Override
    public int to() {
      return item.presence() + 1;
    }
  }

  /** A subselect. */
  record Sub(Planner.Block block, Scope.Item item) implements From {
    @Override
    public int from() {
      return item.offset();
    }

    @Override
    public int to() {
      return item.presence() + 1;
    }
  }

  /** A join; the slots of its sides are adjacent. */
  record Join(JoinKind kind, From left, From right, List<Expr> condition) implements From {
    @Override
    public int from() {
      return left.from();
    }

    @Override
    public int to() {
      return right.to();
    }
  }

  /** Whether every slot that the expression reads lies in this; false if it reads none. */
  static boolean covers(From side, Expr expr) {
    boolean[] state = {true, false};
    Expr.walk(
        expr,
        part -> {
          if (part instanceof Expr.Column column) {
            state[1] = true;
            state[0] &= column.slot() >= side.from() && column.slot() < side.to();
          }
        });
    return state[0] && state[1];
  }

  /** The conjuncts of a condition. */
  static List<Expr> conjuncts(Optional<Expr> condition) {
    List<Expr> result = new ArrayList<>();
    condition.ifPresent(
        expr -> {
          if (expr instanceof Expr.Computed computed && computed.name().equals("and")) {
            result.addAll(computed.arguments());
          } else {
            result.add(expr);
          }
        });
    return result;
  }
}

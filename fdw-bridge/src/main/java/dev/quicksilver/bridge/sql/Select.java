package dev.quicksilver.bridge.sql;

import java.util.List;
import java.util.Optional;

/** A query block, or VALUES when {@code values} is not empty. */
public record Select(
    boolean distinct,
    List<Target> targets,
    List<FromItem> from,
    Optional<Expression> where,
    List<Expression> groupBy,
    Optional<Expression> having,
    List<Order> orderBy,
    Optional<Expression> limit,
    Optional<Expression> offset,
    List<SetOperand> unions,
    List<Locking> locking) {

  /** An output column. {@code star} stands for {@code *} or {@code t.*}. */
  public record Target(Expression expression, Optional<String> alias, boolean star) {}

  /** One ORDER BY element; {@code using} names an operator. */
  public record Order(
      Expression expression,
      boolean descending,
      Optional<Boolean> nullsFirst,
      Optional<String> using) {
    /** PostgreSQL's default: NULL counts as larger than everything. */
    public boolean nullsComeFirst() {
      return nullsFirst.orElse(descending);
    }
  }

  /** FOR UPDATE, FOR SHARE and the like; of all tables if none is named. */
  public record Locking(List<String> tables) {}

  /** A further UNION [ALL] branch. */
  public record SetOperand(boolean all, Select select) {}

  /** An element of FROM. */
  public sealed interface FromItem {
    /** A table. */
    record Table(
        String schema,
        String name,
        Optional<String> alias,
        List<String> columnAliases,
        Optional<Sample> sample,
        int position)
        implements FromItem {}

    /** A subselect. */
    record Sub(Select select, String alias, List<String> columnAliases) implements FromItem {}

    /** A join. */
    record Join(
        JoinKind kind,
        FromItem left,
        FromItem right,
        Optional<Expression> condition,
        List<String> using)
        implements FromItem {}
  }

  /** TABLESAMPLE method, percentage and optional REPEATABLE seed. */
  public record Sample(String method, Expression percent, Optional<Expression> seed) {}

  /** How two sides of FROM are combined. */
  public enum JoinKind {
    INNER,
    LEFT,
    RIGHT,
    FULL,
    CROSS
  }
}

package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Select;
import java.util.Optional;

/**
 * LIMIT and OFFSET.
 *
 * @param limit rows at most; {@link Long#MAX_VALUE} for all
 * @param offset rows that are left out first
 * @param known whether both are known yet
 */
record Window(long limit, long offset, boolean known) {
  /** Reads LIMIT and OFFSET. */
  static Window of(Select select, Constants constants) {
    Constant limit = read(select.limit(), constants);
    Constant offset = read(select.offset(), constants);
    return new Window(
        limit.isNull() ? Long.MAX_VALUE : limit.number(),
        offset.isNull() ? 0 : offset.number(),
        !limit.guessed() && !offset.guessed());
  }

  private static Constant read(Optional<Expression> expression, Constants constants) {
    if (expression.isEmpty()) {
      return Constant.NULL;
    }
    if (expression.get() instanceof Expression.Literal literal
        && literal.kind() == Expression.Literal.Kind.STRING) {
      throw new Outside("a string for a number of rows");
    }
    Constant count = constants.scalar(expression.get(), ValueKind.INTEGER);
    if (!count.isNull() && count.number() < 0) {
      throw new Outside("a negative number of rows");
    }
    return count;
  }

  /** How many rows have to be found; {@link Long#MAX_VALUE} for all. */
  long rows() {
    long rows = limit + offset;
    return rows < 0 ? Long.MAX_VALUE : rows;
  }
}

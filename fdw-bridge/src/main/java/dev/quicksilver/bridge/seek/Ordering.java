package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Expression.Literal;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;

/**
 * ORDER BY plain columns.
 *
 * @param columns each column once, because a second time it decides nothing
 */
record Ordering(List<By> columns) {
  /**
   * One column.
   *
   * @param number whether its values are {@code long}, else byte strings
   * @param unsigned whether these are compared without sign
   */
  record By(int column, boolean number, boolean unsigned, boolean descending, boolean nullsFirst) {}

  /** Reads ORDER BY. */
  static Ordering of(Select select, Table table, List<Output> outputs) {
    List<By> columns = new ArrayList<>();
    var seen = new BitSet();
    for (Select.Order order : select.orderBy()) {
      if (order.using().isPresent()) {
        throw new Outside("ORDER BY USING");
      }
      int column = column(order.expression(), table, outputs);
      if (!seen.get(column)) {
        seen.set(column);
        columns.add(by(order, column, table));
      }
    }
    return new Ordering(List.copyOf(columns));
  }

  /** A position or name in the select list first, a column of the table otherwise. */
  private static int column(Expression expression, Table table, List<Output> outputs) {
    if (expression instanceof Literal literal && literal.kind() == Literal.Kind.INTEGER) {
      long position = Input.integer(Type.INT8, Objects.requireNonNull(literal.text()));
      if (position < 1 || position > outputs.size()) {
        throw new Outside("no such position");
      }
      return plain(outputs.get((int) position - 1));
    }
    if (expression instanceof Expression.Name name && !name.star() && name.parts().size() == 1) {
      List<Integer> named =
          outputs.stream()
              .filter(output -> output.name().equals(name.parts().getFirst()))
              .map(Ordering::plain)
              .distinct()
              .toList();
      if (named.size() > 1) {
        throw new Outside("an ambiguous name");
      }
      if (named.size() == 1) {
        return named.getFirst();
      }
    }
    return table.find(expression).orElseThrow(() -> new Outside("not a column"));
  }

  private static int plain(Output output) {
    if (output instanceof Output.Plain plain) {
      return plain.column();
    }
    throw new Outside("ORDER BY something that is no column");
  }

  private static By by(Select.Order order, int column, Table table) {
    boolean nullsFirst = order.nullsComeFirst();
    if (table.column(column).domain().isPresent()) {
      throw new Outside("ORDER BY a value");
    }
    return switch (table.column(column).type()) {
      case TEXT, BYTEA -> new By(column, false, false, order.descending(), nullsFirst);
      case INT8, TIMESTAMPTZ -> new By(column, true, false, order.descending(), nullsFirst);
      case PG_LSN -> new By(column, true, true, order.descending(), nullsFirst);
      default -> throw new Outside("ORDER BY another type");
    };
  }

  boolean isEmpty() {
    return columns.isEmpty();
  }

  /** Whether a scan gives rows in this order by itself, forward or backward. */
  boolean isNatural(Table table) {
    if (isEmpty()) {
      return true;
    }
    By first = columns.getFirst();
    return (table.isPairs() && first.column() == table.relation().keyColumn())
        || (isBySequence(table) && !first.descending());
  }

  /** Whether the rows of a log are ordered by their sequence, in either direction. */
  boolean isBySequence(Table table) {
    return table.isLog() && columns.getFirst().column() == table.relation().sequenceColumn();
  }

  /** Whether it begins with a descending column. */
  boolean isDescending() {
    return !isEmpty() && columns.getFirst().descending();
  }
}

package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.sql.Select;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** What a statement of the closed set says. */
record Shape(
    Table table,
    List<Output> outputs,
    Optional<Condition> where,
    Ordering ordering,
    Window window,
    Optional<Sampling> sampling,
    List<Integer> parameterTypes) {
  /** More rows are not kept in memory to be ordered. */
  private static final long MOST_ORDERED = 10_000;

  /** The same for a log's values, for each of which a block of the log is read again. */
  private static final long MOST_ORDERED_LOG_VALUES = 1_000;

  /**
   * Reads a statement.
   *
   * @param valued whether the values of the arguments are known
   * @throws Outside if it is not in the set
   */
  static Shape of(
      Select select, CatalogView catalog, List<Argument> arguments, boolean valued, Scope scope) {
    if (select.distinct()
        || !select.groupBy().isEmpty()
        || select.having().isPresent()
        || !select.unions().isEmpty()) {
      throw new Outside("more than one plain block");
    }
    Table table = Table.of(select, catalog, scope);
    // A snapshot's rows cannot change, so a lock on them is nothing to do.
    for (Select.Locking locking : select.locking()) {
      if (!locking.tables().stream().allMatch(table.name()::equals)) {
        throw new Outside("a lock on another table");
      }
    }
    var parameters = new Parameters(arguments, valued);
    var constants = new Constants(parameters);
    List<Output> outputs = Output.list(select, table);
    var shape =
        new Shape(
            table,
            outputs,
            select.where().map(new Conditions(table, constants)::read),
            Ordering.of(select, table, outputs),
            Window.of(select, constants),
            Sampling.of(select, table),
            parameters.types());
    if (shape.isCount() && !select.locking().isEmpty()) {
      throw new Outside("a lock on what is counted");
    }
    shape.requireAnswerable();
    return shape;
  }

  boolean isCount() {
    return outputs.getFirst() instanceof Output.Count;
  }

  private void requireAnswerable() {
    boolean list = !table.isPairs() && !table.isLog();
    if (list && (where.isPresent() || !ordering.isEmpty() || sampling.isPresent())) {
      throw new Outside("more than the plain columns of a list");
    }
    if (isCount() && !ordering.isEmpty()) {
      throw new Outside("ORDER BY beside count(*)");
    }
    if (ordering.isNatural(table) || !window.known()) {
      return;
    }
    BitSet columns = Output.columns(outputs);
    boolean logValues =
        table.isLog()
            && columns.stream().anyMatch(column -> table.column(column).domain().isPresent());
    if (window.rows() > (logValues ? MOST_ORDERED_LOG_VALUES : MOST_ORDERED)) {
      throw new Outside("more rows to be ordered than fit in memory");
    }
  }
}

package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.Column;
import dev.quicksilver.bridge.sql.Expression;
import java.util.OptionalInt;

/** Where a condition looks its columns up. */
interface Columns {
  /**
   * The column that an expression names; empty if it is no name of one of ours.
   *
   * @throws Outside if it names something else, and the condition cannot be read any more
   */
  OptionalInt find(Expression expression);

  /** A column by its number. */
  Column column(int index);
}

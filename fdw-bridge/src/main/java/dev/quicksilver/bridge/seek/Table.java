package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.catalog.Column;
import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Select;
import java.util.List;
import java.util.OptionalInt;

/**
 * The one table of a FROM, and how its columns are found by name.
 *
 * @param name what qualifies its columns: the alias if there is one
 */
record Table(Relation relation, String name) implements Columns {
  /** Finds the table of a statement. */
  static Table of(Select select, CatalogView catalog, Scope scope) {
    if (select.from().size() != 1
        || !(select.from().getFirst() instanceof Select.FromItem.Table item)) {
      throw new Outside("not one table");
    }
    boolean found =
        item.schema().equals("public")
            || (item.schema().isEmpty()
                && scope.publicVisible()
                && !item.name().startsWith("pg_")); // pg_catalog is searched first
    if (!found || !item.columnAliases().isEmpty()) {
      throw new Outside("a table of another schema, or with other names for its columns");
    }
    Relation relation =
        catalog.find("public", item.name()).orElseThrow(() -> new Outside("no such table"));
    return new Table(relation, item.alias().orElse(item.name()));
  }

  /** Whether its rows are the pairs of a database. */
  boolean isPairs() {
    return relation.keyColumn() >= 0;
  }

  /** Whether its rows are the entries of a log. */
  boolean isLog() {
    return relation.sequenceColumn() >= 0;
  }

  @Override
  public Column column(int index) {
    return relation.columns().get(index);
  }

  @Override
  public OptionalInt find(Expression expression) {
    if (!(expression instanceof Expression.Name name) || name.star()) {
      return OptionalInt.empty();
    }
    List<String> parts = name.parts();
    boolean qualified = parts.size() == 2 && parts.getFirst().equals(this.name);
    if (parts.size() != 1 && !qualified) {
      throw new Outside("a name of another table");
    }
    for (int i = 0; i < relation.columns().size(); i++) {
      if (column(i).name().equals(parts.getLast())) {
        return OptionalInt.of(i);
      }
    }
    throw new Outside("no such column");
  }
}

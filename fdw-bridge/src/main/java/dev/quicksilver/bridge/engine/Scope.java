package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The relations of one query block and their places in its rows. */
final class Scope {
  private final List<Item> items = new ArrayList<>();
  private int width;

  /** A visible column. */
  record Field(String name, Type type, boolean hidden) {}

  /**
   * One relation of FROM: its fields begin at {@code offset}; the slot after the last tells whether
   * the row is real (not made up by an outer join).
   */
  record Item(String alias, List<Field> fields, int offset) {
    int presence() {
      return offset + fields.size();
    }
  }

  Item add(String alias, List<Field> fields) {
    for (Item item : items) {
      if (!alias.isEmpty() && item.alias().equals(alias)) {
        throw PgException.of(
            SqlState.DUPLICATE_ALIAS, "table name \"" + alias + "\" specified more than once");
      }
    }
    var item = new Item(alias, fields, width);
    items.add(item);
    width += fields.size() + 1;
    return item;
  }

  List<Item> items() {
    return items;
  }

  /** Slots of a row. */
  int width() {
    return width;
  }

  /** The column of a name, or null if there is none here. */
  @Nullable Expr find(Expression.Name name) {
    List<String> parts = name.parts();
    String column = parts.getLast();
    String table = parts.size() > 1 ? parts.get(parts.size() - 2) : "";
    Expr.Column found = null;
    for (Item item : items) {
      if (!table.isEmpty() && !item.alias().equals(table)) {
        continue;
      }
      for (int i = 0; i < item.fields().size(); i++) {
        Field field = item.fields().get(i);
        if (field.name().equals(column)) {
          if (found != null) {
            throw PgException.of(
                    SqlState.AMBIGUOUS_COLUMN, "column reference \"" + column + "\" is ambiguous")
                .at(name.position());
          }
          found = new Expr.Column(item.offset() + i, field.type());
        }
      }
    }
    return found;
  }

  /** The relation of an alias, or null. */
  @Nullable Item item(String alias) {
    for (Item item : items) {
      if (item.alias().equals(alias)) {
        return item;
      }
    }
    return null;
  }
}

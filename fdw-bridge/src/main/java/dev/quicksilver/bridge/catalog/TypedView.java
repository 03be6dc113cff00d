package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.catalog.Tables.Pairs;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A view whose tables are found only by those who know their types. The evaluator has one table of
 * a name for all sessions; when a database is replaced by another one of its name, there are
 * sessions that still read the old one, and its texts must not be taken for values of other types.
 */
public record TypedView(ReplicaView view) implements CatalogView {
  /** The name under which a table is found. */
  public static String name(String table, Pairs pairs) {
    return table + " " + pairs.keyType() + " " + pairs.valueType();
  }

  /** The table's own name. */
  public static String table(String name) {
    int end = name.indexOf(' ');
    return end < 0 ? name : name.substring(0, end);
  }

  @Override
  public Optional<Relation> find(String schema, String name) {
    String table = table(name);
    Optional<Relation> found = view.find(schema, table);
    found
        .filter(relation -> !name.equals(table) && !name.equals(table + types(relation)))
        .ifPresent(
            other -> {
              throw PgException.of(
                      SqlState.SERIALIZATION_FAILURE,
                      "table \""
                          + table
                          + "\" is of other types in this transaction: its database was replaced"
                          + " by another one of its name")
                  .hint("Begin the transaction anew.");
            });
    return found;
  }

  private static String types(Relation relation) {
    return Stream.of("key", "value")
        .flatMap(wanted -> relation.columns().stream().filter(c -> c.name().equals(wanted)))
        .map(column -> " " + column.type().sqlName())
        .collect(Collectors.joining());
  }

  @Override
  public List<Relation> relations() {
    return view.relations();
  }
}

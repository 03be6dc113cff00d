package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.sql.Select;
import java.util.List;
import java.util.Map;

/**
 * The keys that a statement can touch: for a statement that is evaluated by PostgreSQL, whose scans
 * need not give it more.
 *
 * <p>For each place where a table stands in a FROM the keys are found for which its rows can
 * matter: those that the conditions can be true for which a row has to meet there. Of a table that
 * stands in several places any of these keys can matter. The answer over the rows with these keys
 * is the answer over all rows.
 */
public final class Narrowing {
  private Narrowing() {}

  /**
   * Narrows the scans of a statement.
   *
   * <p>It is assumed that functions and types without a schema are PostgreSQL's own, that {@code
   * public} holds nothing but the tables of the catalog, and that the key of a table has collation
   * "C".
   *
   * @param arguments the values of its parameters
   * @return the keys by name of table in schema public; of a table that is not named there every
   *     row can matter
   */
  public static Map<String, KeySet> of(
      Select select, CatalogView catalog, List<Argument> arguments, Scope scope) {
    try {
      return new BlockReader(select, catalog, arguments, scope).keys();
    } catch (Outside e) {
      return Map.of();
    }
  }
}

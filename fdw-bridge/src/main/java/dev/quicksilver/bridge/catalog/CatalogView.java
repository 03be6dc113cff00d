package dev.quicksilver.bridge.catalog;

import java.util.List;
import java.util.Optional;

/** What one transaction can read. */
public interface CatalogView {
  /** A relation by schema (empty: along the search path) and name. */
  Optional<Relation> find(String schema, String name);

  /** All relations of user schemas, sorted by name. */
  List<Relation> relations();
}

package dev.quicksilver.bridge.catalog;

import dev.quicksilver.bridge.types.Type;
import java.util.Optional;

/**
 * A column of a relation.
 *
 * @param domain the domain it is declared with, without schema; its values are of {@code type}
 * @param hidden system columns such as ctid: found by name, left out of {@code *} and of imports
 */
public record Column(
    String name, Type type, Optional<String> domain, boolean notNull, boolean hidden) {
  /** A plain column. */
  public static Column of(String name, Type type, boolean notNull) {
    return new Column(name, type, Optional.empty(), notNull, false);
  }

  /** A column with a domain of schema quicksilver. */
  public static Column domain(String name, Type type, String domain) {
    return new Column(name, type, Optional.of(domain), true, false);
  }
}

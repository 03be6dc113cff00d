package dev.quicksilver.edge.access;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which databases a user may read.
 *
 * @param only their names; empty for all that there are and will be
 */
public record Rights(Optional<Set<String>> only) {
  /** Everything. */
  public static final Rights ALL = new Rights(Optional.empty());

  public Rights {
    only = only.map(names -> java.util.Collections.unmodifiableSet(new TreeSet<>(names)));
  }

  /** Those databases and no others. */
  public static Rights of(Set<String> databases) {
    return new Rights(Optional.of(databases));
  }

  /** Whether a database may be read, and known of. */
  public boolean allow(String database) {
    return only.isEmpty() || only.get().contains(database);
  }

  /** Whether everything that these rights allow is allowed by others, too. */
  public boolean within(Rights others) {
    return others.only.isEmpty() || (only.isPresent() && others.only.get().containsAll(only.get()));
  }
}

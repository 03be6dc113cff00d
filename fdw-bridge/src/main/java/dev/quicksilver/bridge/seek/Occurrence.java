package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.Relation;
import java.util.ArrayList;
import java.util.List;

/**
 * A table where a FROM names it, and the keys of those of its rows that can matter there. Keys that
 * are outside never do, whatever rows the other tables have.
 */
final class Occurrence {
  private final Relation relation;
  private final int keyColumn;
  private final List<Occurrence> sources = new ArrayList<>();
  private KeySet keys = KeySet.ALL;

  Occurrence(Relation relation, int keyColumn) {
    this.relation = relation;
    this.keyColumn = keyColumn;
  }

  Relation relation() {
    return relation;
  }

  /** The column named key. */
  int keyColumn() {
    return keyColumn;
  }

  KeySet keys() {
    return keys;
  }

  /** Only rows with these keys matter. */
  void restrict(KeySet to) {
    keys = keys.intersect(to);
  }

  /** Only rows matter whose key is one of another occurrence. */
  void takeFrom(Occurrence source) {
    if (source != this) {
      sources.add(source);
    }
  }

  /** Takes over what the sources know by now; returns whether that changed anything. */
  boolean takeOver() {
    boolean changed = false;
    for (Occurrence source : sources) {
      KeySet both = keys.intersect(source.keys);
      if (!both.equals(keys)) {
        keys = both;
        changed = true;
      }
    }
    return changed;
  }
}

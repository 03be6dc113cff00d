package dev.quicksilver.bridge.types;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A one-dimensional array with lower bound 1; elements may be null. */
public record PgArray(Type element, List<@Nullable Object> elements) {
  /** Makes the list unmodifiable. */
  public PgArray {
    elements = Collections.unmodifiableList(elements);
  }
}

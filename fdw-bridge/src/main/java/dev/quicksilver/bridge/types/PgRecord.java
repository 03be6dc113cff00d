package dev.quicksilver.bridge.types;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An anonymous row value. */
public record PgRecord(List<Type> types, List<@Nullable Object> fields) {
  /** Makes the lists unmodifiable. */
  public PgRecord {
    types = List.copyOf(types);
    fields = Collections.unmodifiableList(fields);
  }
}

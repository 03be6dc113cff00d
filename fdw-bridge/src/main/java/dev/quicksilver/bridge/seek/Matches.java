package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.RelationCursor;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The rows of a scan that a statement is about, in the order of the scan. */
final class Matches implements AutoCloseable {
  private static final int ROWS_BETWEEN_CHECKS = 1024;

  private final RelationCursor cursor;
  private final Condition[] conditions;
  private final @Nullable Sampling sampling;
  private final Interruption interruption;
  private int scanned;

  Matches(
      RelationCursor cursor,
      List<Condition> conditions,
      Optional<Sampling> sampling,
      Interruption interruption) {
    this.cursor = cursor;
    this.conditions = conditions.toArray(Condition[]::new);
    this.sampling = sampling.orElse(null);
    this.interruption = interruption;
  }

  /** The current row. */
  RelationCursor row() {
    return cursor;
  }

  /** Moves to the next row; false at the end. */
  boolean next() {
    while (true) {
      if (++scanned % ROWS_BETWEEN_CHECKS == 0) {
        interruption.check(); // before a row is read: a scan that is only paused goes on with it
      }
      if (!cursor.next()) {
        return false;
      }
      if (holds()) {
        return true;
      }
    }
  }

  private boolean holds() {
    Sampling sample = sampling;
    if (sample != null && !sample.holds(cursor)) {
      return false;
    }
    for (Condition condition : conditions) {
      if (condition.test(cursor) != Condition.TRUE) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() {
    cursor.close();
  }
}

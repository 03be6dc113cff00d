package dev.quicksilver.loader;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What to load, and how.
 *
 * @param database the name of the database
 * @param input what to load
 * @param mode what to do with keys that the database has
 * @param rejects where records that cannot be loaded are written; not there before
 * @param maxRejects how many there may be
 * @param limits how fast
 * @param restart whether to forget how far an earlier load of this kind came
 * @param dryRun whether to check everything and load nothing
 */
public record LoadOptions(
    String database,
    Input input,
    Mode mode,
    Path rejects,
    MaxRejects maxRejects,
    Limits limits,
    boolean restart,
    boolean dryRun) {
  /**
   * Checks what goes together.
   *
   * @throws IllegalArgumentException if something does not; the message names flags
   */
  public LoadOptions {
    if (mode == Mode.INSERT_ONLY && input.duplicates() == Input.Duplicates.LAST) {
      throw new IllegalArgumentException(
          "--duplicates last changes pairs that the load has inserted, and --mode insert-only"
              + " changes none: choose first or error");
    }
  }

  /** The same, loading nothing. */
  public LoadOptions asDryRun() {
    return new LoadOptions(database, input, mode, rejects, maxRejects, limits, restart, true);
  }

  /** What to do with keys that the database has. */
  public enum Mode {
    /** Gives them the new value. */
    UPSERT,
    /** Rejects the record, unless the value is the same. */
    INSERT_ONLY,
    /**
     * Gives them the new value, and deletes those that the sources lack, once all is loaded and if
     * no record was rejected.
     */
    REPLACE_ALL
  }

  /**
   * What a load may ask of the root and the replicas.
   *
   * @param batchRows rows to a transaction at most, 1 or more
   * @param maxLag how far behind it may put a replica
   * @param maxWal bytes of WAL that the root may not have read yet
   */
  public record Limits(int batchRows, Optional<Duration> maxLag, long maxWal) {}

  /**
   * How many records may be rejected before the load ends.
   *
   * @param number of records, or percent of those that were read
   */
  public record MaxRejects(double number, boolean percent) {
    /** Percentages count from so many records on, and at the end. */
    private static final long ENOUGH = 1000;

    boolean exceeded(Counts counts, boolean atEnd) {
      if (!percent) {
        return counts.rejected() > number;
      }
      return (atEnd || counts.read() >= ENOUGH)
          && counts.rejected() * 100.0 > number * counts.read();
    }

    @Override
    public String toString() {
      String text =
          number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
      return percent ? text + " %" : text;
    }
  }
}

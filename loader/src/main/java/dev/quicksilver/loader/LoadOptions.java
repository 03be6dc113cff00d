package dev.quicksilver.loader;

import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Format;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What to load, and how.
 *
 * @param database the name of the database
 * @param sources in this order
 * @param format of all of them
 * @param dialect of all of them
 * @param charset of their text; without one UTF-8, or what a byte order mark says
 * @param key the template of keys
 * @param value the template of values
 * @param mode what to do with keys that the database has
 * @param duplicates what to do with keys that the sources have twice
 * @param rejects where records that cannot be loaded are written; not there before
 * @param maxRejects how many there may be
 * @param batchRows rows to a transaction at most, 1 or more
 * @param maxRecord bytes of a record at most
 * @param restart whether to forget how far an earlier load of this kind came
 * @param dryRun whether to check everything and load nothing
 */
public record LoadOptions(
    String database,
    List<Source> sources,
    Format format,
    Dialect dialect,
    Optional<Charset> charset,
    String key,
    String value,
    Mode mode,
    Duplicates duplicates,
    Path rejects,
    MaxRejects maxRejects,
    int batchRows,
    int maxRecord,
    boolean restart,
    boolean dryRun) {

  /**
   * Checks what goes together.
   *
   * @throws IllegalArgumentException if something does not; the message names flags
   */
  public LoadOptions {
    sources = List.copyOf(sources);
    if (mode == Mode.INSERT_ONLY && duplicates == Duplicates.LAST) {
      throw new IllegalArgumentException(
          "--duplicates last changes pairs that the load has inserted, and --mode insert-only"
              + " changes none: choose first or error");
    }
  }

  /** What to do with keys that the database has. */
  public enum Mode {
    /** Gives them the new value. */
    UPSERT,
    /** Rejects the record, unless the value is the same. */
    INSERT_ONLY
  }

  /** What to do with a key that the sources have again. */
  public enum Duplicates {
    /** Rejects the later record. */
    ERROR,
    /** Leaves the later record out. */
    FIRST,
    /** Lets the later record win. */
    LAST
  }

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

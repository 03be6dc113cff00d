package dev.quicksilver.loader;

/**
 * What became of records. {@code read} is the sum of the next four.
 *
 * @param read records that were read
 * @param loaded pairs that were written
 * @param unchanged pairs that were there already
 * @param rejected records that could not be loaded
 * @param duplicates records whose key another record has
 * @param deleted pairs that were there and are in no record; they are no part of the sum
 */
public record Counts(
    long read, long loaded, long unchanged, long rejected, long duplicates, long deleted) {
  static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0);

  static Counts of(long loaded, long unchanged, long rejected, long duplicates) {
    return new Counts(
        loaded + unchanged + rejected + duplicates, loaded, unchanged, rejected, duplicates, 0);
  }

  static Counts ofDeleted(long deleted) {
    return new Counts(0, 0, 0, 0, 0, deleted);
  }

  Counts plus(Counts other) {
    return new Counts(
        read + other.read,
        loaded + other.loaded,
        unchanged + other.unchanged,
        rejected + other.rejected,
        duplicates + other.duplicates,
        deleted + other.deleted);
  }

  /** Whether every record was counted, and once. */
  public boolean addsUp() {
    return read == loaded + unchanged + rejected + duplicates;
  }
}

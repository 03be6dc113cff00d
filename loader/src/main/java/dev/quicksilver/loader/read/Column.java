package dev.quicksilver.loader.read;

/**
 * A part of a record that is wanted.
 *
 * @param name of CSV and TSV: a number, 1 is the first column, or the name that the first line
 *     gives; of JSON: a member, a JSON pointer (RFC 6901), or {@code *} for all of the object
 * @param json whether the JSON text itself is wanted, a string with its quotes; of CSV and TSV both
 *     are the same
 */
public record Column(String name, boolean json) {
  /** Whether the name is a column's number. */
  public boolean isNumber() {
    return name.matches("[1-9][0-9]{0,3}");
  }
}

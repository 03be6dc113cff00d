package dev.quicksilver.loader.read;

/**
 * Lines of a file of rejects that are no records. Only a file that begins with {@link #FIRST} has
 * them.
 */
public final class Comments {
  /** The first line. */
  public static final String FIRST =
      "#! rejects of a load, version 1: mend the records, and load this file as its source was\n";

  /** Begins a line that tells of the record on the next one, whatever that begins with. */
  public static final String BEFORE_RECORD = "#!";

  /** Begins a line that tells of a record that is not in the file, or of the file. */
  public static final String ALONE = "#-";

  private Comments() {}
}

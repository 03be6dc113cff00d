package dev.quicksilver.loader;

import java.io.IOException;

/** Rows of a source, one after the other. Not thread-safe. */
interface RowReader {
  /**
   * Moves to the next row; false at the end.
   *
   * @throws BadRow if it has not two columns or is not well-formed
   */
  boolean next() throws IOException, BadRow;

  /** The line on which the current row begins; 1 is the first. */
  long line();

  String key();

  String value();
}

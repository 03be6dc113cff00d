package dev.quicksilver.bridge.catalog;

import java.util.BitSet;
import java.util.List;

/** A table as one transaction sees it. */
public interface Relation {
  /** Name within the schema {@code public}. */
  String name();

  /** All columns, hidden ones last. */
  List<Column> columns();

  /** How many rows a full scan would give; exact where it costs nothing. */
  long rows();

  /** About as many rows as {@link #rows} gives, without keeping a snapshot for it. */
  default long estimate() {
    return rows();
  }

  /** Whether {@link #rows} is exact. */
  boolean rowsAreExact();

  /** Average bytes of a row as stored, for estimates. */
  int rowWidth();

  /** The column that rows are unique in and ordered by, byte by byte; -1 if none. */
  int keyColumn();

  /** The column that numbers the rows in their order, as a log's sequence does; -1 if none. */
  default int sequenceColumn() {
    return -1;
  }

  /** The number of the first row there is; 0 if rows are not numbered. */
  default long firstSequence() {
    return 0;
  }

  /** The number of the last row there is; less than that of the first if there is none. */
  default long lastSequence() {
    return -1;
  }

  /**
   * Starts a scan, in ascending order, of the rows whose number is at least {@code from} and at
   * most {@code to}.
   *
   * @param columns indexes of the columns that will be asked for
   * @throws UnsupportedOperationException if rows are not numbered
   */
  default RelationCursor openSequences(long from, long to, BitSet columns) {
    throw new UnsupportedOperationException(name() + " has no numbered rows");
  }

  /**
   * Starts a scan.
   *
   * @param keys only rows whose key lies in these; {@link KeySet#ALL} for every row
   * @param backward from the largest key to the smallest
   * @param columns indexes of the columns that will be asked for
   */
  RelationCursor open(KeySet keys, boolean backward, BitSet columns);
}

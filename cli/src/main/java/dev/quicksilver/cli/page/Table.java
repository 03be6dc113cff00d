package dev.quicksilver.cli.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A table with a heading of its own; the first cell of a row is what the row is about.
 *
 * @param id where links within the page lead to
 * @param note one sentence below the heading; empty for none
 * @param leftOut rows that are not here
 */
record Table(
    String id,
    String title,
    String note,
    List<Column> columns,
    List<List<Cell>> rows,
    long leftOut) {
  /**
   * A column.
   *
   * @param number whether it holds numbers
   */
  record Column(String name, boolean number) {}

  /**
   * A cell.
   *
   * @param standing has its shape before the text
   */
  record Cell(String text, Optional<Standing> standing) {}

  /**
   * Begins one.
   *
   * @param columns their names; one that begins with {@code #} holds numbers
   */
  static Builder named(String id, String title, String note, String... columns) {
    return new Builder(
        id,
        title,
        note,
        Stream.of(columns)
            .map(
                name ->
                    name.startsWith("#")
                        ? new Column(name.substring(1), true)
                        : new Column(name, false))
            .toList());
  }

  /** Returns what is said of the rows that are not here; empty if there are none. */
  String more() {
    return leftOut == 0
        ? ""
        : Shown.count(leftOut, "more row is not shown", "more rows are not shown")
            + ": /status has all.";
  }

  /** A table in the making. */
  static final class Builder {
    private final String id;
    private final String title;
    private final String note;
    private final List<Column> columns;
    private final List<List<Cell>> rows = new ArrayList<>();
    private long leftOut;

    private Builder(String id, String title, String note, List<Column> columns) {
      this.id = id;
      this.title = title;
      this.note = note;
      this.columns = columns;
    }

    /**
     * Adds a row, or counts it if there are enough.
     *
     * @param cells a {@link Standing} or a text each
     */
    Builder row(Object... cells) {
      if (cells.length != columns.size()) {
        throw new IllegalArgumentException(id + " has " + columns.size() + " columns");
      }
      if (rows.size() == Overview.MAX_ROWS) {
        leftOut++;
      } else {
        rows.add(Stream.of(cells).map(Builder::cell).toList());
      }
      return this;
    }

    private static Cell cell(Object content) {
      return content instanceof Standing standing
          ? new Cell(standing.label(), Optional.of(standing))
          : new Cell(Shown.name(content.toString()), Optional.empty());
    }

    /** Says that so many rows are not here. */
    Builder without(long more) {
      leftOut += more;
      return this;
    }

    Table build() {
      return new Table(id, title, note, columns, List.copyOf(rows), leftOut);
    }
  }
}

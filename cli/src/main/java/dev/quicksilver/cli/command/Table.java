package dev.quicksilver.cli.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * A table in text, each column as wide as its widest cell. A heading that begins with {@code >}
 * makes its column right-aligned. What is in the cells cannot tell a terminal anything.
 */
public final class Table {
  private static final String BETWEEN = "  ";

  private final String[] headings;
  private final boolean[] right;
  private final int[] widths;
  private final List<String[]> rows = new ArrayList<>();

  /** Makes an empty one. */
  public Table(String... headings) {
    this.headings = new String[headings.length];
    right = new boolean[headings.length];
    widths = new int[headings.length];
    for (int i = 0; i < headings.length; i++) {
      right[i] = headings[i].startsWith(">");
      this.headings[i] = right[i] ? headings[i].substring(1) : headings[i];
      widths[i] = Text.width(this.headings[i]);
    }
  }

  /** Adds a row with as many cells as there are headings. */
  public void row(String... cells) {
    if (cells.length != headings.length) {
      throw new IllegalArgumentException(cells.length + " cells for " + headings.length);
    }
    String[] clean = new String[cells.length];
    for (int i = 0; i < cells.length; i++) {
      clean[i] = Text.clean(cells[i]);
      widths[i] = Math.max(widths[i], Text.width(clean[i]));
    }
    rows.add(clean);
  }

  /** Returns the line of the headings, once all rows are there. */
  public String heading() {
    return line(headings);
  }

  /** Returns the line of a row, from 0, once all are there. */
  public String row(int number) {
    return line(rows.get(number));
  }

  /** Prints it. */
  public void print(PrintWriter out) {
    out.println(heading());
    rows.forEach(row -> out.println(line(row)));
  }

  private String line(String[] cells) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      String padding = " ".repeat(widths[i] - Text.width(cells[i]));
      line.append(i == 0 ? "" : BETWEEN).append(right[i] ? padding + cells[i] : cells[i] + padding);
    }
    return line.toString().stripTrailing();
  }
}

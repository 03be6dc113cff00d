package dev.quicksilver.cli.command;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A table in text. A heading that begins with {@code >} makes its column right-aligned. */
public final class Table {
  private final String[] headings;
  private final List<String[]> rows = new ArrayList<>();

  /** Makes an empty one. */
  public Table(String... headings) {
    this.headings = headings.clone();
  }

  /** Adds a row with as many cells as there are headings. */
  public void row(String... cells) {
    if (cells.length != headings.length) {
      throw new IllegalArgumentException(cells.length + " cells for " + headings.length);
    }
    rows.add(cells.clone());
  }

  /** Prints it, each column as wide as its widest cell. */
  public void print(PrintWriter out) {
    int columns = headings.length;
    boolean[] right = new boolean[columns];
    int[] width = new int[columns];
    String[] first = new String[columns];
    for (int i = 0; i < columns; i++) {
      right[i] = headings[i].startsWith(">");
      first[i] = right[i] ? headings[i].substring(1) : headings[i];
      width[i] = first[i].length();
      for (String[] row : rows) {
        width[i] = Math.max(width[i], row[i].length());
      }
    }
    out.println(line(first, width, right));
    rows.forEach(row -> out.println(line(row, width, right)));
  }

  private static String line(String[] cells, int[] width, boolean[] right) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      String padding = " ".repeat(width[i] - cells[i].length());
      line.append(right[i] ? padding + cells[i] : cells[i] + padding).append("  ");
    }
    return line.toString().stripTrailing();
  }
}

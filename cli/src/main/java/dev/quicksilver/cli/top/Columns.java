package dev.quicksilver.cli.top;

import java.util.ArrayList;
import java.util.List;
import org.jline.utils.WCWidth;

/**
 * A table whose columns are as wide as what is in them. A heading with {@code >} is right-aligned.
 */
final class Columns {
  private static final String BETWEEN = "  ";

  private final String[] headings;
  private final boolean[] right;
  private final int[] widths;
  private final List<String[]> rows = new ArrayList<>();

  Columns(String... headings) {
    this.headings = new String[headings.length];
    right = new boolean[headings.length];
    widths = new int[headings.length];
    for (int i = 0; i < headings.length; i++) {
      right[i] = headings[i].startsWith(">");
      this.headings[i] = right[i] ? headings[i].substring(1) : headings[i];
      widths[i] = this.headings[i].length();
    }
  }

  /** Adds a row with as many cells as there are headings. */
  void row(String... cells) {
    String[] clean = new String[cells.length];
    for (int i = 0; i < cells.length; i++) {
      clean[i] = clean(cells[i]);
      widths[i] = Math.max(widths[i], width(clean[i]));
    }
    rows.add(clean);
  }

  String heading() {
    return line(headings);
  }

  String row(int number) {
    return line(rows.get(number));
  }

  private String line(String[] cells) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      String padding = " ".repeat(widths[i] - width(cells[i]));
      line.append(i == 0 ? "" : BETWEEN).append(right[i] ? padding + cells[i] : cells[i] + padding);
    }
    return line.toString().stripTrailing();
  }

  /** A name comes from another machine, and must not be able to tell the terminal anything. */
  static String clean(String text) {
    if (text.chars().allMatch(c -> c >= ' ' && c < 127)) {
      return text;
    }
    StringBuilder clean = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> clean.appendCodePoint(Character.isDefined(c) && WCWidth.wcwidth(c) > 0 ? c : '?'));
    return clean.toString();
  }

  /** Returns as much of a line as fits so many columns. */
  static String cut(String text, int columns) {
    int width = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      width += WCWidth.wcwidth(c);
      if (width > columns) {
        return text.substring(0, i);
      }
      i += Character.charCount(c);
    }
    return text;
  }

  private static int width(String text) {
    return text.codePoints().map(WCWidth::wcwidth).sum();
  }
}

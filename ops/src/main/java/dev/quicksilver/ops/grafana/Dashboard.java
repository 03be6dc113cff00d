package dev.quicksilver.ops.grafana;

import java.util.List;

/**
 * A dashboard.
 *
 * @param uid by which links and updates know it
 * @param variables from left to right
 * @param rows from top to bottom
 */
public record Dashboard(
    String uid, String title, String about, List<Variable> variables, List<Row> rows) {
  /**
   * What the one who looks chooses.
   *
   * @param query as in {@code label_values(metric, label)}
   * @param many whether several may be chosen, and all are at first
   */
  public record Variable(String name, String label, String query, boolean many) {}

  /** Panels below a title. */
  public record Row(String title, List<Panel> panels) {}

  /** How a panel shows what it asks for. */
  public enum Kind {
    /** Large figures: what is so now. */
    STAT,
    /** Lines over time. */
    LINES,
    /** A row for each series: what is so now. */
    TABLE,
    /** How often something took how long, over time. */
    HEATMAP
  }

  /**
   * A panel.
   *
   * @param unit in Grafana's words, as in {@code s} or {@code Bps}
   * @param width in columns, of which there are 24
   */
  public record Panel(
      Kind kind, String title, String about, String unit, int width, List<Query> queries) {}

  /**
   * What a panel asks Prometheus for.
   *
   * @param legend of each series, with labels as in {@code {{node}}}
   */
  public record Query(String expression, String legend) {}
}

package dev.quicksilver.ops.grafana;

import dev.quicksilver.ops.grafana.Dashboard.Kind;
import dev.quicksilver.ops.grafana.Dashboard.Panel;
import dev.quicksilver.ops.grafana.Dashboard.Query;
import dev.quicksilver.ops.grafana.Dashboard.Row;
import dev.quicksilver.ops.grafana.Dashboard.Variable;
import java.util.List;

/**
 * What the dashboards are put together from: panels, and the queries that stand in many. Stateless.
 */
final class Parts {
  static final String INTERVAL = "[$__rate_interval]";

  private Parts() {}

  /** Each series with the name, location and role of its process, if that is one of them. */
  static String named(String expression, String filter) {
    return "("
        + expression
        + ") * on (instance) group_left (node, location, role)"
        + " max by (instance, node, location, role) (quicksilver_node_info{"
        + filter
        + "})";
  }

  static String rate(String counter, String filter) {
    return "rate(" + counter + "{" + filter + "}" + INTERVAL + ")";
  }

  static String quantile(String share, String histogram, String by, String filter) {
    return "histogram_quantile("
        + share
        + ", sum by (le, "
        + by
        + ") ("
        + rate(histogram + "_bucket", filter)
        + "))";
  }

  static Panel stat(String title, String about, String unit, Query... queries) {
    return new Panel(Kind.STAT, title, about, unit, 4, List.of(queries));
  }

  static Panel lines(String title, String about, String unit, Query... queries) {
    return new Panel(Kind.LINES, title, about, unit, 8, List.of(queries));
  }

  static Query query(String expression, String legend) {
    return new Query(expression, legend);
  }

  static Row row(String title, Panel... panels) {
    return new Row(title, List.of(panels));
  }

  static Variable instances(String role) {
    return new Variable(
        "instance",
        "Process",
        "label_values(quicksilver_node_info{role=\"" + role + "\"}, instance)",
        true);
  }
}

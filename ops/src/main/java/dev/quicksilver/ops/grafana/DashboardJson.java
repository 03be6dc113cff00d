package dev.quicksilver.ops.grafana;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quicksilver.ops.grafana.Dashboard.Kind;
import dev.quicksilver.ops.grafana.Dashboard.Panel;
import dev.quicksilver.ops.grafana.Dashboard.Query;
import dev.quicksilver.ops.grafana.Dashboard.Row;
import dev.quicksilver.ops.grafana.Dashboard.Variable;

/**
 * Writes a dashboard in the form that Grafana imports (its "dashboard JSON model", schema 39).
 * Stateless.
 */
public final class DashboardJson {
  private static final int SCHEMA = 39;
  private static final int COLUMNS = 24;
  private static final String SOURCE = "${source}";
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private DashboardJson() {}

  /** Returns the model. */
  public static JsonNode of(Dashboard dashboard) {
    ObjectNode all = JSON.objectNode();
    all.put("uid", dashboard.uid());
    all.put("title", dashboard.title());
    all.put("description", dashboard.about());
    all.putArray("tags").add("quicksilver");
    all.put("schemaVersion", SCHEMA);
    all.put("editable", true);
    all.put("graphTooltip", 1); // one crosshair through all panels
    all.put("timezone", "utc");
    all.put("refresh", "30s");
    all.putObject("time").put("from", "now-1h").put("to", "now");
    ObjectNode links = all.putArray("links").addObject();
    links.put("type", "dashboards").put("title", "Quicksilver").put("asDropdown", true);
    links.put("includeVars", true).put("keepTime", true).putArray("tags").add("quicksilver");
    ArrayNode variables = all.putObject("templating").putArray("list");
    variables
        .addObject()
        .put("name", "source")
        .put("label", "Prometheus")
        .put("type", "datasource")
        .put("query", "prometheus");
    dashboard.variables().forEach(variable -> variables.add(of(variable)));
    panels(dashboard, all.putArray("panels"));
    return all;
  }

  private static ObjectNode of(Variable variable) {
    ObjectNode node = JSON.objectNode();
    node.put("name", variable.name()).put("label", variable.label()).put("type", "query");
    node.set("datasource", source());
    node.put("definition", variable.query());
    node.putObject("query").put("query", variable.query()).put("refId", variable.name());
    node.put("refresh", 2).put("sort", 1); // asked again when the time changes
    node.put("multi", variable.many()).put("includeAll", variable.many());
    if (variable.many()) {
      node.put("allValue", ".*");
      node.putObject("current").put("text", "All").put("value", "$__all");
    }
    return node;
  }

  private static ObjectNode source() {
    return JSON.objectNode().put("type", "prometheus").put("uid", SOURCE);
  }

  private static void panels(Dashboard dashboard, ArrayNode panels) {
    int id = 1;
    int y = 0;
    for (Row row : dashboard.rows()) {
      ObjectNode title = panels.addObject();
      title.put("id", id++).put("type", "row").put("title", row.title());
      title.put("collapsed", false).set("gridPos", place(0, y, COLUMNS, 1));
      title.putArray("panels");
      y++;
      int x = 0;
      int height = 0;
      for (Panel panel : row.panels()) {
        if (x + panel.width() > COLUMNS) {
          x = 0;
          y += height;
          height = 0;
        }
        int own = panel.kind() == Kind.STAT ? 4 : 8;
        ObjectNode node = of(panel);
        node.put("id", id++).set("gridPos", place(x, y, panel.width(), own));
        panels.add(node);
        x += panel.width();
        height = Math.max(height, own);
      }
      y += height;
    }
  }

  private static ObjectNode place(int x, int y, int width, int height) {
    return JSON.objectNode().put("x", x).put("y", y).put("w", width).put("h", height);
  }

  private static ObjectNode of(Panel panel) {
    ObjectNode node = JSON.objectNode();
    node.put(
        "type",
        switch (panel.kind()) {
          case STAT -> "stat";
          case LINES -> "timeseries";
          case TABLE -> "table";
          case HEATMAP -> "heatmap";
        });
    node.put("title", panel.title()).put("description", panel.about());
    node.set("datasource", source());
    ObjectNode defaults = node.putObject("fieldConfig").putObject("defaults");
    defaults.put("unit", panel.unit());
    node.withObject("fieldConfig").putArray("overrides");
    ObjectNode options = node.putObject("options");
    switch (panel.kind()) {
      case STAT -> {
        options.putObject("reduceOptions").putArray("calcs").add("lastNotNull");
        options.put("colorMode", "none").put("graphMode", "area").put("textMode", "auto");
      }
      case LINES -> {
        ObjectNode lines = defaults.putObject("custom");
        lines.put("lineWidth", 1).put("fillOpacity", 5).put("showPoints", "never");
        options.putObject("legend").put("displayMode", "list").put("placement", "bottom");
        options.putObject("tooltip").put("mode", "multi").put("sort", "desc");
      }
      case TABLE -> node.putArray("transformations").addObject().put("id", "labelsToFields");
      case HEATMAP -> {
        options.put("calculate", false).putObject("yAxis").put("unit", panel.unit());
        options.putObject("color").put("scheme", "Oranges").put("mode", "scheme");
      }
    }
    ArrayNode targets = node.putArray("targets");
    char name = 'A';
    for (Query query : panel.queries()) {
      ObjectNode target = targets.addObject();
      target.put("refId", String.valueOf(name++));
      target.set("datasource", source());
      target.put("expr", query.expression()).put("legendFormat", query.legend());
      switch (panel.kind()) {
        case STAT, LINES -> target.put("range", true);
        case TABLE -> target.put("instant", true).put("format", "table");
        case HEATMAP -> target.put("range", true).put("format", "heatmap");
      }
    }
    return node;
  }
}

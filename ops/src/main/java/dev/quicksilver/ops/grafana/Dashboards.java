package dev.quicksilver.ops.grafana;

import java.util.List;

/**
 * All dashboards. They need nothing but the metrics of the processes: names and locations come from
 * {@code quicksilver_node_info}, whatever labels a Prometheus gives its targets. Stateless.
 */
public final class Dashboards {
  private Dashboards() {}

  /** Returns them by the names of their files. */
  public static List<Dashboard> all() {
    return List.of(
        WorldDashboard.make(),
        LocationDashboard.make(),
        NodeDashboard.make(),
        BridgeDashboard.make(),
        RespDashboard.make());
  }
}

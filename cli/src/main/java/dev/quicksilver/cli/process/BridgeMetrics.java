package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.BridgeReport;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** What a bridge counts; absent on other nodes. Stateless. */
final class BridgeMetrics {
  private BridgeMetrics() {}

  static void register(PrometheusRegistry registry, Supplier<NodeStatus> current) {
    gauge(
        registry,
        current,
        "quicksilver_bridge_open_connections",
        "Open connections.",
        BridgeReport::connections);
    gauge(
        registry,
        current,
        "quicksilver_bridge_oldest_snapshot_seconds",
        "Age of the oldest transaction's snapshot; 0 if there is none.",
        BridgeReport::oldestSnapshotSeconds);
    counter(
        registry,
        current,
        "quicksilver_bridge_connections_total",
        "Connections that were accepted.",
        BridgeReport::connectionsTotal);
    counter(
        registry,
        current,
        "quicksilver_bridge_statements_total",
        "Statements that were executed.",
        BridgeReport::queries);
    counter(
        registry,
        current,
        "quicksilver_bridge_evaluated_statements_total",
        "Statements that the bridge's PostgreSQL evaluated.",
        BridgeReport::evaluated);
    gauge(
        registry,
        current,
        "quicksilver_bridge_evaluator_running",
        "1 while the bridge's PostgreSQL runs, else 0.",
        bridge -> bridge.evaluatorRuns() ? 1 : 0);
    counter(
        registry,
        current,
        "quicksilver_bridge_rows_total",
        "Rows that were sent, to clients and to the evaluator.",
        BridgeReport::rows);
    CounterWithCallback.builder()
        .name("quicksilver_bridge_errors_total")
        .help("Errors that were sent, by SQLSTATE.")
        .labelNames("sqlstate")
        .callback(
            callback ->
                current
                    .get()
                    .bridges()
                    .forEach(
                        bridge ->
                            bridge
                                .errors()
                                .forEach((state, count) -> callback.call((double) count, state))))
        .register(registry);
  }

  private static void gauge(
      PrometheusRegistry registry,
      Supplier<NodeStatus> current,
      String name,
      String help,
      ToDoubleFunction<BridgeReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(
            callback ->
                current
                    .get()
                    .bridges()
                    .forEach(bridge -> callback.call(value.applyAsDouble(bridge))))
        .register(registry);
  }

  private static void counter(
      PrometheusRegistry registry,
      Supplier<NodeStatus> current,
      String name,
      String help,
      ToDoubleFunction<BridgeReport> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(
            callback ->
                current
                    .get()
                    .bridges()
                    .forEach(bridge -> callback.call(value.applyAsDouble(bridge))))
        .register(registry);
  }
}

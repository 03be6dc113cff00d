package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.RespReport;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** What a RESP server counts; absent on other nodes. Stateless. */
final class RespMetrics {
  private RespMetrics() {}

  static void register(PrometheusRegistry registry, Supplier<NodeStatus> current) {
    gauge(
        registry,
        current,
        "quicksilver_resp_open_connections",
        "Open connections of RESP clients.",
        RespReport::connections);
    counter(
        registry,
        current,
        "quicksilver_resp_connections_total",
        "Connections of RESP clients, the refused ones among them.",
        RespReport::connectionsTotal);
    counter(
        registry,
        current,
        "quicksilver_resp_refused_connections_total",
        "Connections that were refused since there were resp.max-connections.",
        RespReport::refused);
    counter(
        registry,
        current,
        "quicksilver_resp_commands_total",
        "Commands that were run.",
        RespReport::commands);
    counter(
        registry,
        current,
        "quicksilver_resp_hits_total",
        "Keys that were asked for and there.",
        RespReport::hits);
    counter(
        registry,
        current,
        "quicksilver_resp_misses_total",
        "Keys that were asked for and not there.",
        RespReport::misses);
    gauge(
        registry,
        current,
        "quicksilver_resp_subscribers",
        "Clients that are told of changes.",
        RespReport::subscribers);
    counter(
        registry,
        current,
        "quicksilver_resp_events_total",
        "Changes that clients were told of.",
        RespReport::events);
    gauge(
        registry,
        current,
        "quicksilver_resp_waiting_bytes",
        "Bytes in memory that wait for clients to take them, or to send the rest.",
        RespReport::waitingBytes);
    CounterWithCallback.builder()
        .name("quicksilver_resp_errors_total")
        .help("Error replies, by their first word.")
        .labelNames("code")
        .callback(
            callback ->
                current
                    .get()
                    .resp()
                    .forEach(
                        resp ->
                            resp.errors()
                                .forEach((code, count) -> callback.call((double) count, code))))
        .register(registry);
  }

  private static void gauge(
      PrometheusRegistry registry,
      Supplier<NodeStatus> current,
      String name,
      String help,
      ToDoubleFunction<RespReport> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(
            callback ->
                current.get().resp().forEach(resp -> callback.call(value.applyAsDouble(resp))))
        .register(registry);
  }

  private static void counter(
      PrometheusRegistry registry,
      Supplier<NodeStatus> current,
      String name,
      String help,
      ToDoubleFunction<RespReport> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(
            callback ->
                current.get().resp().forEach(resp -> callback.call(value.applyAsDouble(resp))))
        .register(registry);
  }
}

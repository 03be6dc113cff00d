package dev.quicksilver.cli.process;

import dev.quicksilver.storage.Durations;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Metrics that are made from a process's status when they are asked for. What has no value is
 * absent, as is a metric of which nothing has one. Of two values with the same labels, as two nodes
 * of one name make them, the one that was told last counts: Prometheus would take none at all. Not
 * thread-safe.
 */
final class Exporter {
  private static final List<Double> BOUNDS =
      Stream.concat(Durations.BOUNDS.stream(), Stream.of(Double.POSITIVE_INFINITY)).toList();

  /** Takes the values of one metric. */
  @FunctionalInterface
  interface Sink<T> {
    /**
     * Takes one.
     *
     * @param value null for none
     * @param labels in the order of their names
     */
    void take(@Nullable T value, String... labels);
  }

  /** Tells the values of one metric. */
  @FunctionalInterface
  interface Values<T> {
    void tell(NodeStatus status, Sink<T> to);
  }

  private final PrometheusRegistry registry;
  private final Supplier<NodeStatus> current;

  Exporter(PrometheusRegistry registry, Supplier<NodeStatus> current) {
    this.registry = registry;
    this.current = current;
  }

  /** Adds what may go up and down. */
  void gauge(String name, String help, List<String> labels, Values<Number> values) {
    add(
        labels,
        values,
        points ->
            new GaugeSnapshot(
                new MetricMetadata(name, help),
                points.entrySet().stream()
                    .map(
                        point ->
                            new GaugeSnapshot.GaugeDataPointSnapshot(
                                point.getValue().doubleValue(), point.getKey(), null))
                    .toList()));
  }

  /**
   * Adds what only grows while the process runs.
   *
   * @param name without {@code _total}
   */
  void counter(String name, String help, List<String> labels, Values<Number> values) {
    add(
        labels,
        values,
        points ->
            new CounterSnapshot(
                new MetricMetadata(name, help),
                points.entrySet().stream()
                    .map(
                        point ->
                            new CounterSnapshot.CounterDataPointSnapshot(
                                point.getValue().doubleValue(), point.getKey(), null, 0))
                    .toList()));
  }

  /** Adds how long something takes. */
  void histogram(String name, String help, List<String> labels, Values<Durations.Sums> values) {
    add(
        labels,
        values,
        points ->
            new HistogramSnapshot(
                new MetricMetadata(name, help),
                points.entrySet().stream()
                    .map(
                        point ->
                            new HistogramSnapshot.HistogramDataPointSnapshot(
                                ClassicHistogramBuckets.of(BOUNDS, point.getValue().counts()),
                                point.getValue().seconds(),
                                point.getKey(),
                                null,
                                0))
                    .toList()));
  }

  private <T> void add(
      List<String> names, Values<T> values, Function<Map<Labels, T>, MetricSnapshot> snapshot) {
    registry.register(
        new Collector() {
          @Override
          public MetricSnapshot collect() {
            Map<Labels, T> points = new LinkedHashMap<>();
            values.tell(
                current.get(),
                (value, labels) -> {
                  if (value != null) {
                    points.put(Labels.of(names, List.of(labels)), value);
                  }
                });
            return snapshot.apply(points);
          }
        });
  }
}

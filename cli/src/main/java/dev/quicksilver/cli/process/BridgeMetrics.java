package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.BridgeReport;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** What a bridge counts; absent on other nodes. Stateless. */
final class BridgeMetrics {
  private BridgeMetrics() {}

  static void register(Exporter exporter) {
    add(
        exporter::gauge,
        "quicksilver_bridge_open_connections",
        "Open connections.",
        BridgeReport::connections);
    add(
        exporter::gauge,
        "quicksilver_bridge_oldest_snapshot_seconds",
        "Age of the oldest transaction's snapshot; 0 if there is none.",
        BridgeReport::oldestSnapshotSeconds);
    add(
        exporter::counter,
        "quicksilver_bridge_connections",
        "Connections that were accepted.",
        BridgeReport::connectionsTotal);
    exporter.histogram(
        "quicksilver_bridge_statement_duration_seconds",
        "How long statements took that have ended, by what did them (seek: the bridge itself;"
            + " evaluated: its PostgreSQL; evaluators_seek: what that asked the bridge for; other:"
            + " neither) and how they ended.",
        List.of("way", "outcome"),
        (status, to) ->
            status
                .bridges()
                .forEach(
                    bridge ->
                        bridge
                            .statements()
                            .forEach(
                                (way, outcomes) ->
                                    outcomes.forEach(
                                        (outcome, sums) ->
                                            to.take(sums, word(way), word(outcome))))));
    add(
        exporter::gauge,
        "quicksilver_bridge_waiting_statements",
        "Statements that wait for their turn to be evaluated.",
        BridgeReport::waiting);
    add(
        exporter::gauge,
        "quicksilver_bridge_evaluator_running",
        "1 while the bridge's PostgreSQL runs, else 0.",
        bridge -> bridge.evaluatorRuns() ? 1 : 0);
    add(
        exporter::counter,
        "quicksilver_bridge_evaluator_starts",
        "How often the bridge's PostgreSQL was started.",
        BridgeReport::evaluatorStarts);
    add(
        exporter::counter,
        "quicksilver_bridge_rows",
        "Rows that were sent, to clients and to the evaluator.",
        BridgeReport::rows);
    exporter.counter(
        "quicksilver_bridge_errors",
        "Errors that were sent, by SQLSTATE.",
        List.of("sqlstate"),
        (status, to) ->
            status
                .bridges()
                .forEach(bridge -> bridge.errors().forEach((state, n) -> to.take(n, state))));
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static void add(
      NodeMetrics.Adding adding, String name, String help, Function<BridgeReport, Number> value) {
    adding.add(
        name,
        help,
        List.of(),
        (status, to) -> status.bridges().forEach(bridge -> to.take(value.apply(bridge))));
  }
}

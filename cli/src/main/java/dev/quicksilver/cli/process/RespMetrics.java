package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.RespReport;
import java.util.List;
import java.util.function.Function;

/** What a RESP server counts; absent on other nodes. Stateless. */
final class RespMetrics {
  private RespMetrics() {}

  static void register(Exporter exporter) {
    add(
        exporter::gauge,
        "quicksilver_resp_open_connections",
        "Open connections of RESP clients.",
        RespReport::connections);
    add(
        exporter::counter,
        "quicksilver_resp_connections",
        "Connections of RESP clients, the refused ones among them.",
        RespReport::connectionsTotal);
    add(
        exporter::counter,
        "quicksilver_resp_refused_connections",
        "Connections that were refused since there were resp.max-connections.",
        RespReport::refused);
    exporter.counter(
        "quicksilver_resp_commands",
        "Commands that were run, by name; those that are none as unknown.",
        List.of("command"),
        (status, to) ->
            status
                .resp()
                .forEach(resp -> resp.commandsByName().forEach((name, n) -> to.take(n, name))));
    add(
        exporter::counter,
        "quicksilver_resp_hits",
        "Keys that were asked for and there.",
        RespReport::hits);
    add(
        exporter::counter,
        "quicksilver_resp_misses",
        "Keys that were asked for and not there.",
        RespReport::misses);
    add(
        exporter::gauge,
        "quicksilver_resp_subscribers",
        "Clients that are told of changes.",
        RespReport::subscribers);
    add(
        exporter::counter,
        "quicksilver_resp_events",
        "Changes that clients were told of.",
        RespReport::events);
    add(
        exporter::gauge,
        "quicksilver_resp_waiting_bytes",
        "Bytes in memory that wait for clients to take them, or to send the rest.",
        RespReport::waitingBytes);
    exporter.counter(
        "quicksilver_resp_errors",
        "Error replies, by their first word.",
        List.of("code"),
        (status, to) ->
            status.resp().forEach(resp -> resp.errors().forEach((code, n) -> to.take(n, code))));
  }

  private static void add(
      NodeMetrics.Adding adding, String name, String help, Function<RespReport, Number> value) {
    adding.add(
        name,
        help,
        List.of(),
        (status, to) -> status.resp().forEach(resp -> to.take(value.apply(resp))));
  }
}

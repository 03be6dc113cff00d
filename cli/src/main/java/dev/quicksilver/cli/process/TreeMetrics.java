package dev.quicksilver.cli.process;

import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.SentReport;
import dev.quicksilver.cli.process.NodeStatus.SlotReport;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** What is below a node, and a root's slot. Stateless. */
final class TreeMetrics {
  private static final List<String> SLOT = List.of("slot");

  private TreeMetrics() {}

  static void register(Exporter exporter) {
    exporter.gauge(
        "quicksilver_followers",
        "Followers that are directly connected.",
        List.of("database"),
        (status, to) ->
            status
                .databases()
                .forEach(
                    d -> {
                      if (status.sent() != null) {
                        to.take(
                            status.followers().stream()
                                .filter(f -> f.database().equals(d.name()))
                                .count(),
                            d.name());
                      }
                    }));
    exporter.gauge(
        "quicksilver_follower_acked_sequence",
        "The last sequence that a directly connected follower has made durable.",
        List.of("database", "follower", "location"),
        (status, to) ->
            status
                .followers()
                .forEach(f -> to.take(f.ackedSequence(), f.database(), f.node(), f.location())));
    sent(exporter, "quicksilver_sent_bytes", "Bytes sent to followers.", SentReport::bytes);
    sent(
        exporter,
        "quicksilver_sent_entries",
        "Entries of the log sent to followers; copies of whole databases are none.",
        SentReport::entries);
    exporter.counter(
        "quicksilver_subtree_reports_left_out",
        "Reports of nodes below that were left out, for there are more than are kept.",
        List.of(),
        (status, to) -> to.take(status.reportsLeftOut()));
    location(
        exporter,
        "quicksilver_location_nodes",
        "Nodes below this one whose acks reached it.",
        LocationReport::nodes);
    location(
        exporter,
        "quicksilver_location_lowest_acked_sequence",
        "The sequence that all nodes of the location have made durable.",
        LocationReport::lowestSequence);
    location(
        exporter,
        "quicksilver_location_worst_lag_entries",
        "Entries that the last node of the location has not acknowledged.",
        LocationReport::worstLag);
    location(
        exporter,
        "quicksilver_location_worst_lag_seconds",
        "The longest time since a node of the location had all that the root had; absent while none"
            + " is known.",
        LocationReport::worstLagSeconds);
    exporter.gauge(
        "quicksilver_location_nodes_in_state",
        "Nodes of the location by what they do with the database.",
        List.of("database", "location", "state"),
        (status, to) ->
            status
                .locations()
                .forEach(
                    l ->
                        l.states()
                            .forEach(
                                (state, count) ->
                                    to.take(count, l.database(), l.location(), state.name()))));
    slot(
        exporter::gauge,
        "quicksilver_slot_retained_wal_bytes",
        "WAL that PostgreSQL keeps for the root; absent while PostgreSQL does not answer.",
        SlotReport::retainedBytes);
    slot(
        exporter::gauge,
        "quicksilver_slot_synchronous",
        "1 while commits in PostgreSQL wait for this root.",
        slot -> slot.synchronous() ? 1 : 0);
    slot(
        exporter::gauge,
        "quicksilver_standby_roots",
        "Standby roots that follow this root.",
        slot -> slot.standbys().size());
    slot(
        exporter::counter,
        "quicksilver_sequenced_transactions",
        "Transactions of PostgreSQL that this process has sequenced.",
        SlotReport::transactions);
  }

  private static void sent(
      Exporter exporter, String name, String help, ToLongFunction<SentReport> value) {
    exporter.counter(
        name,
        help,
        List.of(),
        (status, to) -> {
          SentReport sent = status.sent();
          to.take(sent == null ? null : Long.valueOf(value.applyAsLong(sent)));
        });
  }

  private static void location(
      Exporter exporter,
      String name,
      String help,
      Function<LocationReport, @Nullable Number> value) {
    exporter.gauge(
        name,
        help,
        List.of("database", "location"),
        (status, to) ->
            status.locations().forEach(l -> to.take(value.apply(l), l.database(), l.location())));
  }

  private static void slot(
      NodeMetrics.Adding adding,
      String name,
      String help,
      Function<SlotReport, @Nullable Number> value) {
    adding.add(
        name,
        help,
        SLOT,
        (status, to) -> status.slots().forEach(slot -> to.take(value.apply(slot), slot.name())));
  }
}

package dev.quicksilver.cli.page;

import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.BridgeReport;
import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.FollowerReport;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.RespReport;
import dev.quicksilver.cli.process.NodeStatus.SlotReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.cli.process.NodeStatus.UpstreamReport;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The status as tables; a table without rows is left out. Stateless. */
final class Tables {
  private Tables() {}

  static List<Table> of(NodeStatus status, Tree tree) {
    return Stream.of(
            nodes(status, tree),
            locations(status),
            databases(status),
            storage(status),
            upstreams(status),
            slots(status.slots()),
            certificates(status.certificates()),
            followers(status.followers()),
            readers(status.databases()),
            bridge(status.bridges()),
            resp(status.resp()),
            addresses(status))
        .filter(table -> !table.rows().isEmpty())
        .toList();
  }

  private static Table nodes(NodeStatus status, Tree tree) {
    Table.Builder table =
        Table.named(
            "nodes",
            "Nodes below",
            status.reportsLeftOut() == 0
                ? "Each node and database, the worst first."
                : "Each node and database, the worst first. This process does not keep all"
                    + " reports.",
            "Node",
            "Location",
            "Upstream",
            "Database",
            "Standing",
            "State",
            "#Sequence",
            "#Entries behind",
            "#Lag",
            "Problem");
    for (Tree.Node node : tree.gone()) {
      table.row(
          node.name(),
          node.location(),
          node.upstream(),
          "all",
          Standing.GONE,
          "",
          Shown.count(node.worst().sequence()),
          "",
          "",
          "this page had it last at " + Shown.time(node.lastSeen()));
    }
    List<SubtreeReport> worst = worst(status.subtree());
    for (SubtreeReport node : worst) {
      table.row(
          node.node(),
          node.location(),
          node.upstream(),
          node.database(),
          Tree.standing(node),
          node.state().name(),
          Shown.count(node.sequence()),
          Shown.count(node.lag()),
          Shown.seconds(Known.number(node.lagSeconds())),
          node.problem());
    }
    return table.without(status.subtree().size() - worst.size()).build();
  }

  /** Those that have room in a table, without sorting all. */
  private static List<SubtreeReport> worst(Collection<SubtreeReport> reports) {
    PriorityQueue<SubtreeReport> kept =
        new PriorityQueue<>(Overview.MAX_ROWS + 1, Tree.WORST_FIRST.reversed());
    for (SubtreeReport report : reports) {
      kept.add(report);
      if (kept.size() > Overview.MAX_ROWS) {
        kept.remove();
      }
    }
    return kept.stream().sorted(Tree.WORST_FIRST).toList();
  }

  private static Table locations(NodeStatus status) {
    Table.Builder table =
        Table.named(
            "locations",
            "Locations",
            "The nodes below by location, the longest lag first.",
            "Location",
            "Database",
            "#Nodes",
            "States",
            "#All have",
            "#Half have",
            "#Entries behind",
            "#Worst lag");
    status.locations().stream()
        .sorted(
            Comparator.comparingDouble(Tables::worstLagSeconds)
                .reversed()
                .thenComparing(LocationReport::location)
                .thenComparing(LocationReport::database))
        .forEach(
            location ->
                table.row(
                    location.location(),
                    location.database(),
                    Shown.count(location.nodes()),
                    counted(location.states()),
                    Shown.count(location.lowestSequence()),
                    Shown.count(location.medianSequence()),
                    Shown.count(location.worstLag()),
                    Shown.seconds(worstLagSeconds(location))));
    return table.build();
  }

  private static double worstLagSeconds(LocationReport location) {
    return Known.number(location.worstLagSeconds());
  }

  private static String counted(Map<?, ? extends Number> counts) {
    return counts.entrySet().stream()
        .map(each -> Shown.count(each.getValue().longValue()) + " " + each.getKey())
        .collect(Collectors.joining(", "));
  }

  /** Returns how it stands with a database here. */
  static Standing standing(DatabaseReport database) {
    return database.contradiction().isEmpty()
        ? Standing.of(
            database.state(), Known.number(database.lag()), Known.number(database.lagSeconds()))
        : Standing.FAULT;
  }

  private static Table databases(NodeStatus status) {
    Table.Builder table =
        Table.named(
            "databases",
            "Databases here",
            "",
            "Database",
            "Standing",
            "State",
            "Reason",
            "Upstream",
            "#Sequence",
            "#Entries behind",
            "#Lag",
            "Last commit",
            "#Pairs",
            "Copying");
    for (DatabaseReport database : status.databases()) {
      table.row(
          database.name(),
          standing(database),
          database.state().name(),
          database.contradiction().isEmpty() ? database.reason() : database.contradiction(),
          database.upstream(),
          Shown.count(database.sequence()),
          Shown.count(Known.number(database.lag())),
          Shown.seconds(Known.number(database.lagSeconds())),
          Shown.commitTime(database.commitTime()),
          Shown.count(database.pairs()),
          database.pairsToCopy() == 0
              ? ""
              : Shown.count(database.copiedPairs())
                  + " of "
                  + Shown.count(database.pairsToCopy(), "pair", "pairs"));
    }
    return table.build();
  }

  private static Table storage(NodeStatus status) {
    Table.Builder table =
        Table.named(
            "storage",
            "What they take",
            status.logMaxAgeSeconds() == 0
                ? ""
                : "A log may reach back "
                    + Shown.seconds(status.logMaxAgeSeconds())
                    + " and take "
                    + Shown.bytes(status.logMaxBytes())
                    + ".",
            "Database",
            "#File",
            "#Log",
            "#Log from",
            "Log since",
            "#Snapshots here",
            "#Damaged reads",
            "Errors");
    for (DatabaseReport database : status.databases()) {
      Map<String, Long> errors = new TreeMap<>(database.storage().errors());
      errors.values().removeIf(count -> count == 0);
      table.row(
          database.name(),
          Shown.bytes(database.storage().fileBytes()),
          Shown.bytes(database.storage().logBytes()),
          Shown.count(database.oldestSequence()),
          Shown.commitTime(database.storage().logCommitTime()),
          Shown.count(database.storage().openSnapshots()),
          Shown.count(database.storage().corruptReads()),
          counted(errors));
    }
    return table.build();
  }

  /** Returns how it stands with an upstream. */
  static Standing standing(UpstreamReport upstream) {
    return switch (upstream.result()) {
      case FOLLOWED, WELL -> Standing.GOOD;
      case NOT_ASKED -> Standing.UNKNOWN;
      case REFUSED, LEFT_OUT, FAILED -> Standing.FAULT;
    };
  }

  /** Returns in words what came of asking it last. */
  static String words(UpstreamReport upstream) {
    return switch (upstream.result()) {
      case FOLLOWED -> "followed";
      case WELL -> "would serve";
      case NOT_ASKED -> "not asked";
      case REFUSED -> "refused";
      case LEFT_OUT -> "left out";
      case FAILED -> "failed";
    };
  }

  private static Table upstreams(NodeStatus status) {
    Table.Builder table =
        Table.named(
            "upstreams",
            "Upstreams",
            "In the order in which they are preferred.",
            "Address",
            "Database",
            "Role",
            "Node",
            "Asked last",
            "#Sequence",
            "Detail");
    for (UpstreamReport upstream : status.upstreams()) {
      table.row(
          upstream.address(),
          upstream.database(),
          upstream.role(),
          upstream.node(),
          words(upstream),
          Shown.count(upstream.sequence()),
          upstream.detail());
    }
    return table.build();
  }

  private static Table slots(List<SlotReport> slots) {
    Table.Builder table =
        Table.named(
            "slot",
            "PostgreSQL's slot",
            "",
            "Slot",
            "#WAL kept",
            "Commits wait for this root",
            "Standby roots");
    for (SlotReport slot : slots) {
      table.row(
          slot.name(),
          Shown.bytes(Known.number(slot.retainedBytes())),
          slot.synchronous() ? "yes" : "no",
          slot.standbys().isEmpty()
              ? "none"
              : slot.standbys().stream()
                  .map(standby -> standby.node() + " up to " + standby.complete())
                  .collect(Collectors.joining(", ")));
    }
    return table.build();
  }

  private static Table certificates(List<CertificateReport> certificates) {
    Table.Builder table =
        Table.named("certificates", "Certificates", "", "File", "Expires", "#Left", "Problem");
    for (CertificateReport certificate : certificates) {
      table.row(
          certificate.file(),
          certificate.expires(),
          certificate.secondsLeft() < 0 ? "expired" : Shown.seconds(certificate.secondsLeft()),
          certificate.problem());
    }
    return table.build();
  }

  private static Table followers(List<FollowerReport> followers) {
    Table.Builder table =
        Table.named(
            "followers",
            "Followers",
            "The nodes that are connected to this one.",
            "Node",
            "Location",
            "Database",
            "#Sent",
            "#Durable there");
    for (FollowerReport follower : followers) {
      table.row(
          follower.node(),
          follower.location(),
          follower.database(),
          Shown.count(follower.sentSequence()),
          Shown.count(Known.number(follower.ackedSequence())));
    }
    return table.build();
  }

  private static Table readers(List<DatabaseReport> databases) {
    Table.Builder table =
        Table.named(
            "readers",
            "Readers",
            "Other processes that have reader slots; an old snapshot keeps pages from being used"
                + " again.",
            "Process",
            "Database",
            "#Slots",
            "#Snapshots",
            "#Commits behind",
            "#For",
            "Too old");
    for (DatabaseReport database : databases) {
      database
          .storage()
          .readers()
          .forEach(
              reader ->
                  table.row(
                      Long.toString(reader.pid()),
                      database.name(),
                      Shown.count(reader.slots()),
                      Shown.count(reader.snapshots()),
                      Shown.count(reader.behind()),
                      Shown.seconds(reader.heldSeconds()),
                      reader.tooOld() ? "yes" : "no"));
    }
    return table.build();
  }

  private static Table bridge(List<BridgeReport> bridges) {
    Table.Builder table = Table.named("bridge", "The bridge", "", "What", "#How many");
    for (BridgeReport bridge : bridges) {
      table
          .row("open connections", Shown.count(bridge.connections()))
          .row("connections since the start", Shown.count(bridge.connectionsTotal()))
          .row("statements", Shown.count(bridge.queries()))
          .row("of them evaluated", Shown.count(bridge.evaluated()))
          .row("rows sent", Shown.count(bridge.rows()))
          .row("age of the oldest snapshot", Shown.seconds(bridge.oldestSnapshotSeconds()))
          .row("evaluator", bridge.evaluatorRuns() ? "runs" : "does not run")
          .row("errors by SQLSTATE", bridge.errors().isEmpty() ? "none" : counted(bridge.errors()));
    }
    return table.build();
  }

  private static Table resp(List<RespReport> servers) {
    Table.Builder table = Table.named("resp", "The RESP server", "", "What", "#How many");
    for (RespReport server : servers) {
      table
          .row("open connections", Shown.count(server.connections()))
          .row("connections since the start", Shown.count(server.connectionsTotal()))
          .row("refused connections", Shown.count(server.refused()))
          .row("commands", Shown.count(server.commands()))
          .row("keys that were there", Shown.count(server.hits()))
          .row("keys that were not there", Shown.count(server.misses()))
          .row("clients that are told of changes", Shown.count(server.subscribers()))
          .row("changes that they were told", Shown.count(server.events()))
          .row("waiting in memory", Shown.bytes(server.waitingBytes()))
          .row("errors", server.errors().isEmpty() ? "none" : counted(server.errors()));
    }
    return table.build();
  }

  private static Table addresses(NodeStatus status) {
    Table.Builder table = Table.named("addresses", "Addresses", "", "What", "Address");
    new TreeMap<>(status.addresses()).forEach(table::row);
    return table.build();
  }
}

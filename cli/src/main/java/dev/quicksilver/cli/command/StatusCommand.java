package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.HealthReport;
import dev.quicksilver.cli.process.NodeStatus.LocationReport;
import dev.quicksilver.cli.process.NodeStatus.SlotReport;
import dev.quicksilver.cli.process.NodeStatus.StandbyReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import dev.quicksilver.cli.process.NodeStatus.UpstreamReport;
import dev.quicksilver.cli.process.NodeStatus.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows what a running process says of itself. */
@Command(
    name = "status",
    description =
        "Shows a running node and those below it: databases, sequences, lag and followers.")
public final class StatusCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private NodeFlags node;

  @Option(names = "--json", description = "Print the status as JSON.")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  StatusCommand() {}

  @Override
  public Integer call() throws IOException {
    byte[] body = node.client().get("/status", Map.of()).body();
    PrintWriter out = spec.commandLine().getOut();
    NodeStatus status = Json.MAPPER.readValue(body, NodeStatus.class);
    if (json) {
      out.println(Text.escaped(new String(body, StandardCharsets.UTF_8)));
    } else {
      print(status, out);
    }
    out.flush();
    return status.healthy() ? ExitCode.OK : ExitCode.FAILURE;
  }

  private static void say(PrintWriter out, String line) {
    out.println(Text.clean(line));
  }

  private static void print(NodeStatus status, PrintWriter out) {
    say(
        out,
        String.format(
            Locale.ROOT,
            "%s %s in %s, process %d, up %s",
            status.role(),
            status.node(),
            status.location(),
            status.pid(),
            time(Duration.ofSeconds(status.uptimeSeconds()))));
    say(out, status.healthy() ? "healthy" : "NOT HEALTHY: " + status.problem());
    HealthReport health = status.health();
    say(
        out,
        String.format(
            Locale.ROOT,
            "live %s, ready %s, fresh %s",
            verdict(health.live()),
            verdict(health.ready()),
            verdict(health.fresh())));
    status
        .addresses()
        .forEach((what, where) -> say(out, String.format(Locale.ROOT, "  %-12s %s", what, where)));
    if (status.logMaxBytes() > 0) {
      say(
          out,
          String.format(
              Locale.ROOT,
              "  %-12s %s and %d MiB of each database at most",
              "log",
              time(Duration.ofSeconds(status.logMaxAgeSeconds())),
              status.logMaxBytes() >> 20));
    }
    if (status.logMaxBytes() > 0) {
      say(
          out,
          String.format(
              Locale.ROOT,
              "  %-12s %s",
              "complete",
              status.complete().isEmpty()
                  ? "not known: it has not heard up to where"
                  : "up to " + status.complete() + " (PostgreSQL's system @ timeline : position)"));
    }
    for (SlotReport slot : status.slots()) {
      for (StandbyReport standby : slot.standbys()) {
        say(
            out,
            String.format(
                Locale.ROOT,
                "  %-12s %s, complete up to %s",
                "standby",
                standby.node(),
                standby.complete()));
      }
    }
    if (!status.databases().isEmpty()) {
      out.println();
      Table databases =
          new Table(
              "database",
              "state",
              "upstream",
              ">sequence",
              ">lag",
              ">behind",
              ">pairs",
              ">log",
              "digest");
      for (DatabaseReport d : status.databases()) {
        databases.row(
            d.name(),
            d.state().name(),
            d.upstream().isEmpty() ? "-" : d.upstream(),
            Long.toString(d.sequence()),
            Text.number(d.lag()),
            Text.seconds(d.lagSeconds()),
            Long.toString(d.pairs()),
            log(d, status.logMaxBytes()),
            d.contentDigest());
      }
      databases.print(out);
    }
    Readers.print(status.databases(), out);
    printUpstreams(status, out);
    if (!status.followers().isEmpty()) {
      out.println();
      Table followers = new Table("database", "follower", "location", ">sent", ">durable");
      status
          .followers()
          .forEach(
              f ->
                  followers.row(
                      f.database(),
                      f.node(),
                      f.location(),
                      Long.toString(f.sentSequence()),
                      Text.number(f.ackedSequence())));
      followers.print(out);
    }
    printSubtree(status, out);
  }

  private static String verdict(Verdict verdict) {
    return verdict.holds() ? "yes" : "NO (" + verdict.why() + ")";
  }

  private static void printUpstreams(NodeStatus status, PrintWriter out) {
    if (status.upstreams().isEmpty()) {
      return;
    }
    out.println();
    Table upstreams =
        new Table("database", "upstream", "role", "node", "result", ">sequence", "because");
    for (UpstreamReport up : status.upstreams()) {
      upstreams.row(
          up.database(),
          up.address(),
          up.role(),
          up.node().isEmpty() ? "-" : up.node(),
          up.result().name(),
          Long.toString(up.sequence()),
          up.detail());
    }
    upstreams.print(out);
  }

  private static void printSubtree(NodeStatus status, PrintWriter out) {
    if (status.subtree().isEmpty()) {
      return;
    }
    out.println();
    Table nodes =
        new Table(
            "database",
            "node below",
            "location",
            "upstream",
            "state",
            ">durable",
            ">lag",
            ">behind",
            "instance",
            "problem");
    for (SubtreeReport n : status.subtree()) {
      nodes.row(
          n.database(),
          n.node(),
          n.location(),
          n.upstream().isEmpty() ? "-" : n.upstream(),
          n.state().name(),
          Long.toString(n.sequence()),
          Long.toString(n.lag()),
          Text.seconds(n.lagSeconds()),
          n.instance().substring(0, Math.min(8, n.instance().length())),
          n.problem().isEmpty() ? "-" : n.problem());
    }
    nodes.print(out);
    if (status.reportsLeftOut() > 0) {
      out.println(
          "There are more nodes below than this one keeps reports of: raise"
              + " replication.max-reports there, or put relays between.");
    }
    out.println();
    Table locations =
        new Table(
            "database",
            "location",
            ">nodes",
            ">lowest",
            ">median",
            ">worst lag",
            ">behind",
            "states");
    for (LocationReport l : status.locations()) {
      locations.row(
          l.database(),
          l.location(),
          Integer.toString(l.nodes()),
          Long.toString(l.lowestSequence()),
          Long.toString(l.medianSequence()),
          Long.toString(l.worstLag()),
          Text.seconds(l.worstLagSeconds()),
          l.states().entrySet().stream()
              .map(state -> state.getValue() + " " + state.getKey())
              .collect(Collectors.joining(", ")));
    }
    locations.print(out);
  }

  /** How large the log is; a bridge keeps none, and a node of an earlier version does not say. */
  private static String log(DatabaseReport database, long most) {
    return most == 0
        ? "-"
        : String.format(
            Locale.ROOT, "%.1f MiB", database.storage().logBytes() / (double) (1 << 20));
  }

  private static String time(Duration up) {
    return up.toDays() > 0
        ? up.toDays() + " d " + up.toHoursPart() + " h"
        : up.toHours() > 0
            ? up.toHours() + " h " + up.toMinutesPart() + " min"
            : up.toMinutes() + " min " + up.toSecondsPart() + " s";
  }
}

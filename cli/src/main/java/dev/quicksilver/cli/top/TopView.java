package dev.quicksilver.cli.top;

import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a screen: what the node says of itself and of its databases, then the nodes below.
 *
 * @param above what stands above the tree's rows, its heading the last of it
 * @param tree its rows, all of them
 */
record TopView(List<Line> above, List<Line> tree) {
  /** How a line looks. */
  enum Style {
    PLAIN,
    TITLE,
    HEADING,
    /** Something is wrong. */
    BAD
  }

  /** A line without control characters. */
  record Line(String text, Style style) {}

  /** Fits 80 columns. */
  static final String KEYS =
      "q quit  arrows, PgUp, PgDn scroll  w worst, s seconds, l entries, n name  d all";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** Returns how a time is written. */
  static String time(Instant at) {
    return TIME.format(at);
  }

  /** Returns the view of what was seen. */
  static TopView of(Seen seen, Controls controls) {
    List<Line> above = new ArrayList<>();
    List<Line> tree = new ArrayList<>();
    seen.silence().ifPresent(why -> above.add(line("NO ANSWER: " + why, Style.BAD)));
    Look last = seen.last().orElse(null);
    if (last == null) {
      if (above.isEmpty()) {
        above.add(line("asking the node", Style.PLAIN));
      }
      return new TopView(above, tree);
    }
    NodeStatus status = last.status();
    above.addFirst(
        line(
            status.role()
                + " "
                + status.node()
                + " in "
                + status.location()
                + " at "
                + seen.address()
                + ", "
                + time(last.at()),
            Style.TITLE));
    above.add(
        status.healthy()
            ? line("healthy", Style.PLAIN)
            : line("NOT HEALTHY: " + status.problem(), Style.BAD));
    databases(last, seen.before(), above);
    List<NodeTree.Row> rows = NodeTree.rows(status, controls.order(), controls.all());
    nodes(status, rows, controls, above, tree);
    return new TopView(above, tree);
  }

  private static void databases(Look last, Optional<Look> before, List<Line> to) {
    Columns columns =
        new Columns(
            "database",
            "state",
            "upstream",
            ">sequence",
            ">entries/s",
            ">lag",
            ">behind",
            ">pairs");
    List<DatabaseReport> databases = last.status().databases();
    for (DatabaseReport database : databases) {
      columns.row(
          database.name(),
          database.state().name(),
          database.upstream().isEmpty() ? "-" : database.upstream(),
          Long.toString(database.sequence()),
          rate(database, last, before),
          number(database.lag()),
          seconds(database.lagSeconds()),
          Long.toString(database.pairs()));
    }
    to.add(new Line("", Style.PLAIN));
    to.add(new Line(columns.heading(), Style.HEADING));
    for (int i = 0; i < databases.size(); i++) {
      boolean isWell = databases.get(i).state().works();
      to.add(new Line(columns.row(i), isWell ? Style.PLAIN : Style.BAD));
    }
  }

  /** Entries in a second between two looks at the same copy. */
  private static String rate(DatabaseReport now, Look last, Optional<Look> before) {
    return before.stream()
        .flatMap(
            look ->
                look.status().databases().stream()
                    .filter(then -> then.id().equals(now.id()) && then.sequence() <= now.sequence())
                    .map(
                        then ->
                            (now.sequence() - then.sequence())
                                * 1e9
                                / Math.max(1, last.nanos() - look.nanos())))
        .findFirst()
        .map(rate -> String.format(Locale.ROOT, "%.0f", rate))
        .orElse("-");
  }

  private static void nodes(
      NodeStatus status,
      List<NodeTree.Row> rows,
      Controls controls,
      List<Line> above,
      List<Line> tree) {
    above.add(new Line("", Style.PLAIN));
    long nodes = rows.stream().filter(NodeTree.Row::first).count();
    if (nodes == 0) {
      above.add(line("no node has reported to this one", Style.PLAIN));
      return;
    }
    long unwell =
        status.subtree().stream()
            .filter(report -> Order.severity(report) > 0)
            .map(SubtreeReport::instance)
            .distinct()
            .count();
    above.add(
        line(
            String.format(
                Locale.ROOT,
                "%d nodes below, %d of them not as they should be; by %s%s",
                nodes,
                unwell,
                controls.order().title,
                status.reportsLeftOut() > 0
                    ? "; some are left out, see replication.max-reports"
                    : ""),
            unwell > 0 || status.reportsLeftOut() > 0 ? Style.BAD : Style.PLAIN));
    Columns columns =
        new Columns(
            "node", "location", "database", "state", ">sequence", ">lag", ">behind", "problem");
    for (NodeTree.Row row : rows) {
      SubtreeReport report = row.report();
      columns.row(
          "  ".repeat(row.depth()) + (row.first() ? report.node() : ""),
          row.first() ? report.location() : "",
          report.database(),
          report.state().name(),
          Long.toString(report.sequence()),
          Long.toString(report.lag()),
          seconds(report.lagSeconds()),
          report.problem());
    }
    above.add(new Line(columns.heading(), Style.HEADING));
    for (int i = 0; i < rows.size(); i++) {
      boolean isWell = Order.severity(rows.get(i).report()) == 0;
      tree.add(new Line(columns.row(i), isWell ? Style.PLAIN : Style.BAD));
    }
  }

  private static Line line(String text, Style style) {
    return new Line(Columns.clean(text), style);
  }

  private static String number(@Nullable Long count) {
    return count == null ? "-" : Long.toString(count);
  }

  private static String seconds(@Nullable Double lag) {
    return lag == null ? "-" : String.format(Locale.ROOT, "%.1f s", lag);
  }

  /** Returns how many rows of the tree a screen of so many lines has room for, at least one. */
  int page(int height) {
    return Math.max(1, height - above.size() - 1);
  }

  /**
   * Returns what a terminal shows: what is above, the rows from the first that is shown on, and the
   * keys in the last line.
   */
  List<Line> screen(Controls controls, int width, int height) {
    List<Line> lines = new ArrayList<>(above);
    int page = page(height);
    int top = Math.clamp(controls.top(), 0, Math.max(0, tree.size() - page));
    lines.addAll(tree.subList(top, Math.min(tree.size(), top + page)));
    List<Line> shown = new ArrayList<>(lines.subList(0, Math.min(lines.size(), height - 1)));
    while (shown.size() < height - 1) {
      shown.add(new Line("", Style.PLAIN));
    }
    shown.add(new Line(KEYS, Style.HEADING));
    return shown.stream()
        .map(line -> new Line(Columns.cut(line.text(), width), line.style()))
        .toList();
  }
}

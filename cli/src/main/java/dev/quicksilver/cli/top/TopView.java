package dev.quicksilver.cli.top;

import dev.quicksilver.cli.command.Table;
import dev.quicksilver.cli.command.Text;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jline.utils.WCWidth;

/**
 * The lines of a screen: what the node says of itself and of its databases, then the nodes below.
 *
 * @param head what stands above the databases' rows, their heading the last of it
 * @param databases a row for each, in the node's order
 * @param middle what stands between them and the tree's rows, its heading the last of it
 * @param tree its rows, all of them
 */
record TopView(List<Line> head, List<Row> databases, List<Line> middle, List<Line> tree) {
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

  /**
   * A database's line.
   *
   * @param seconds how far it is behind, 0 if that is not known
   */
  record Row(Line line, double seconds) {
    /** What is wrong first, then what is the furthest behind. */
    private static final Comparator<Row> WORST =
        Comparator.comparing(Row::isBad).thenComparingDouble(Row::seconds).reversed();

    private boolean isBad() {
      return line.style() == Style.BAD;
    }
  }

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
    List<Line> head = new ArrayList<>();
    seen.silence().ifPresent(why -> head.add(line("NO ANSWER: " + why, Style.BAD)));
    Look last = seen.last().orElse(null);
    if (last == null) {
      if (head.isEmpty()) {
        head.add(line("asking the node", Style.PLAIN));
      }
      return new TopView(head, List.of(), List.of(), List.of());
    }
    NodeStatus status = last.status();
    head.addFirst(
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
    head.add(
        status.healthy()
            ? line("healthy", Style.PLAIN)
            : line("NOT HEALTHY: " + status.problem(), Style.BAD));
    List<Row> databases = databases(last, seen.before(), head);
    List<NodeTree.Row> rows = NodeTree.rows(status, controls.order(), controls.all());
    List<Line> middle = new ArrayList<>();
    List<Line> tree = new ArrayList<>();
    nodes(status, rows, controls, middle, tree);
    return new TopView(head, databases, middle, tree);
  }

  /** Returns the rows; their heading goes to what is above them. */
  private static List<Row> databases(Look last, Optional<Seen.Databases> before, List<Line> head) {
    Table columns =
        new Table(
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
          Text.number(database.lag()),
          Text.seconds(database.lagSeconds()),
          Long.toString(database.pairs()));
    }
    head.add(new Line("", Style.PLAIN));
    head.add(new Line(columns.heading(), Style.HEADING));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < databases.size(); i++) {
      boolean isWell = databases.get(i).state().works();
      Double seconds = databases.get(i).lagSeconds();
      rows.add(
          new Row(
              new Line(columns.row(i), isWell ? Style.PLAIN : Style.BAD),
              seconds == null ? 0 : seconds));
    }
    return rows;
  }

  /** Entries in a second between two looks at the same copy. */
  private static String rate(DatabaseReport now, Look last, Optional<Seen.Databases> before) {
    return before.stream()
        .flatMap(
            look ->
                look.reports().stream()
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
      List<Line> middle,
      List<Line> tree) {
    middle.add(new Line("", Style.PLAIN));
    long nodes = rows.stream().filter(NodeTree.Row::first).count();
    if (nodes == 0) {
      middle.add(line("no node has reported to this one", Style.PLAIN));
      return;
    }
    long unwell =
        status.subtree().stream()
            .filter(report -> Order.severity(report) > 0)
            .map(SubtreeReport::instance)
            .distinct()
            .count();
    middle.add(
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
    Table columns =
        new Table(
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
          Text.seconds(report.lagSeconds()),
          report.problem());
    }
    middle.add(new Line(columns.heading(), Style.HEADING));
    for (int i = 0; i < rows.size(); i++) {
      boolean isWell = Order.severity(rows.get(i).report()) == 0;
      tree.add(new Line(columns.row(i), isWell ? Style.PLAIN : Style.BAD));
    }
  }

  private static Line line(String text, Style style) {
    return new Line(Text.clean(text), style);
  }

  /** Returns what stands above the tree's rows, with every database. */
  List<Line> above() {
    return above(databases.stream().map(Row::line).toList());
  }

  private List<Line> above(List<Line> rows) {
    List<Line> above = new ArrayList<>(head);
    above.addAll(rows);
    above.addAll(middle);
    return above;
  }

  /**
   * Returns what stands above the tree's rows on a screen of so many lines. Databases have half of
   * the room, and what the tree leaves; if that is not enough, the worst of them are shown.
   */
  private List<Line> above(int height) {
    int room = Math.max(0, height - 1 - head.size() - middle.size());
    int most = Math.max(room / 2, room - tree.size());
    if (databases.size() <= most) {
      return above();
    }
    if (most == 0) {
      return above(List.of());
    }
    List<Row> sorted = databases.stream().sorted(Row.WORST).toList();
    List<Row> hidden = sorted.subList(most - 1, sorted.size());
    long bad = hidden.stream().filter(Row::isBad).count();
    List<Line> rows = new ArrayList<>();
    sorted.subList(0, most - 1).forEach(row -> rows.add(row.line()));
    rows.add(
        new Line(
            String.format(
                Locale.ROOT,
                "and %d more databases, %d of them not as they should be; --once prints all",
                hidden.size(),
                bad),
            bad > 0 ? Style.BAD : Style.PLAIN));
    return above(rows);
  }

  /** Returns how many rows of the tree a screen of so many lines has room for, at least one. */
  int page(int height) {
    return page(height, above(height));
  }

  private static int page(int height, List<Line> above) {
    return Math.max(1, height - above.size() - 1);
  }

  /**
   * Returns what a terminal shows: what is above, the rows from the first that is shown on, and the
   * keys in the last line.
   */
  List<Line> screen(Controls controls, int width, int height) {
    List<Line> lines = new ArrayList<>(above(height));
    int page = page(height, lines);
    int top = Math.clamp(controls.top(), 0, Math.max(0, tree.size() - page));
    lines.addAll(tree.subList(top, Math.min(tree.size(), top + page)));
    List<Line> shown = new ArrayList<>(lines.subList(0, Math.min(lines.size(), height - 1)));
    while (shown.size() < height - 1) {
      shown.add(new Line("", Style.PLAIN));
    }
    shown.add(new Line(KEYS, Style.HEADING));
    return shown.stream().map(line -> new Line(cut(line.text(), width), line.style())).toList();
  }

  /** Returns as much of a line as fits so many columns. */
  static String cut(String text, int columns) {
    int width = 0;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      width += WCWidth.wcwidth(c);
      if (width > columns) {
        return text.substring(0, i);
      }
      i += Character.charCount(c);
    }
    return text;
  }
}

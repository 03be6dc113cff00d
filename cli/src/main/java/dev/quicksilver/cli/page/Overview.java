package dev.quicksilver.cli.page;

import dev.quicksilver.cli.page.Picture.Box;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseReport;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.cli.process.NodeStatus.UpstreamReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the page shows of a status.
 *
 * @param about this process in one line
 * @param problem what is wrong with it; empty if nothing is
 * @param summary the picture in words
 * @param picture the tree; empty for a process that has no place in it
 * @param legend the standings that are in the picture
 * @param databases that can be looked into where values are shown
 */
record Overview(
    String node,
    String about,
    String problem,
    String time,
    String summary,
    Optional<Picture> picture,
    List<Standing> legend,
    List<Table> tables,
    List<String> databases) {
  /** Rows of a table. */
  static final int MAX_ROWS = 200;

  /** The name of the database that lists the others. */
  static final String CATALOG = "quicksilver";

  private static final int MAX_UPSTREAMS = 8;

  /**
   * Makes it.
   *
   * @param remembered knows which nodes the page has shown before
   */
  static Overview of(NodeStatus status, Instant now, Remembered remembered) {
    boolean inTree = !status.role().equals("bridge") && !status.role().equals("serve");
    Tree tree = Tree.of(status.subtree(), now, remembered);
    Optional<Picture> picture =
        inTree
            ? Optional.of(Picture.of(self(status), upstreams(status), tree, now))
            : Optional.empty();
    return new Overview(
        Shown.name(status.node()),
        Shown.name(
            status.role()
                + (status.location().isEmpty() ? "" : " at " + status.location())
                + ", version "
                + status.version()
                + ", process "
                + status.pid()
                + ", up for "
                + Shown.seconds(status.uptimeSeconds())),
        status.healthy() ? "" : Shown.name(status.problem()),
        Shown.time(now),
        inTree ? summary(tree, status) : "",
        picture,
        picture.stream()
            .flatMap(drawn -> drawn.boxes().stream())
            .map(Box::standing)
            .distinct()
            .sorted(Comparator.reverseOrder())
            .toList(),
        Tables.of(status, tree),
        status.databases().stream()
            .map(DatabaseReport::name)
            .sorted(Comparator.comparing(CATALOG::equals)) // the others come first
            .limit(MAX_ROWS)
            .toList());
  }

  private static String summary(Tree tree, NodeStatus status) {
    if (tree.nodes().isEmpty()) {
      return "No node below " + Shown.name(status.node()) + " is known.";
    }
    return Shown.count(tree.nodes().size(), "node", "nodes")
        + " below "
        + Shown.name(status.node())
        + ": "
        + Picture.words(tree.standings())
        + "."
        + (tree.locations().isEmpty()
            ? ""
            : " There are too many to draw each, so the picture shows their locations.");
  }

  private static double lagSeconds(DatabaseReport database) {
    return Known.number(database.lagSeconds());
  }

  private static Box self(NodeStatus status) {
    Optional<DatabaseReport> worst =
        status.databases().stream()
            .min(
                Comparator.comparing((DatabaseReport database) -> Tables.standing(database))
                    .thenComparing(database -> database.name().equals(CATALOG))
                    .thenComparing(Comparator.comparingDouble(Overview::lagSeconds).reversed()));
    Standing standing = worst.map(Tables::standing).orElse(Standing.UNKNOWN);
    String doing =
        switch (standing) {
          case FAULT, WORKING -> worst.map(database -> database.state().name()).orElse("");
          case BEHIND, GOOD ->
              standing.label()
                  + worst
                      .filter(database -> lagSeconds(database) > 0)
                      .map(database -> ", " + Shown.seconds(lagSeconds(database)))
                      .orElse("");
          case GONE, UNKNOWN -> "no database";
        };
    return Box.of(
        status.healthy() ? standing : standing.or(Standing.FAULT),
        status.node(),
        "this " + status.role() + ", " + doing,
        status.location()
            + worst.map(database -> " · #" + Shown.count(database.sequence())).orElse(""));
  }

  private static List<Box> upstreams(NodeStatus status) {
    List<Box> boxes = new ArrayList<>();
    boolean sequenced =
        status.databases().stream()
            .anyMatch(database -> database.state() == DatabaseState.SEQUENCING);
    status
        .slots()
        .forEach(
            slot ->
                boxes.add(
                    Box.of(
                        sequenced ? Standing.GOOD : Standing.UNKNOWN,
                        "PostgreSQL",
                        "slot " + slot.name(),
                        sequenced ? "the source" : "not sequenced by this root")));
    Map<String, UpstreamReport> worst = new LinkedHashMap<>();
    for (UpstreamReport upstream : status.upstreams()) {
      worst.merge(
          upstream.address(),
          upstream,
          (a, b) -> Tables.standing(a).compareTo(Tables.standing(b)) <= 0 ? a : b);
    }
    worst.values().stream()
        .limit(MAX_UPSTREAMS)
        .forEach(
            upstream ->
                boxes.add(
                    Box.of(
                        Tables.standing(upstream),
                        upstream.node().isEmpty() ? upstream.address() : upstream.node(),
                        upstream.role() + ", " + Tables.words(upstream),
                        upstream.address())));
    return boxes;
  }
}

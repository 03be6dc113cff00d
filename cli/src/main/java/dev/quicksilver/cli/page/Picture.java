package dev.quicksilver.cli.page;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The tree as boxes and lines: upstreams at the left, this node, and those below it to the right.
 *
 * @param width in pixels, as all numbers here
 * @param links paths of SVG
 */
record Picture(int width, int height, List<Box> boxes, List<String> links) {
  /** Size of a box. */
  static final int BOX_WIDTH = 204;

  static final int BOX_HEIGHT = 52;
  private static final int COLUMN = 248;
  private static final int ROW = 60;
  private static final int MARGIN = 6;

  /** Characters that have room in a box. */
  private static final int LONGEST_LABEL = 24;

  private static final int LONGEST_DETAIL = 31;

  /**
   * A box.
   *
   * @param title all of what it says, not cut short
   */
  record Box(
      int x,
      int y,
      Standing standing,
      boolean self,
      String name,
      String detail,
      String place,
      String title) {
    /** Returns what is to be said of something, at no place yet. */
    static Box of(Standing standing, String name, String detail, String place) {
      return new Box(
          0,
          0,
          standing,
          false,
          Shown.cut(name, LONGEST_LABEL),
          Shown.cut(detail, LONGEST_DETAIL),
          Shown.cut(place, LONGEST_DETAIL),
          Shown.name(name) + ": " + Shown.name(detail) + "; " + Shown.name(place));
    }

    private Box at(int column, int middle) {
      return new Box(
          MARGIN + column * COLUMN,
          MARGIN + middle - BOX_HEIGHT / 2,
          standing,
          self,
          name,
          detail,
          place,
          title);
    }

    private Box ofThisNode() {
      return new Box(x, y, standing, true, name, detail, place, title);
    }
  }

  /**
   * Draws it.
   *
   * @param self this node
   * @param upstreams what it follows
   * @param now the time of the status
   */
  static Picture of(Box self, List<Box> upstreams, Tree tree, Instant now) {
    return new Drawing(upstreams.isEmpty() ? 0 : 1, now).draw(self.ofThisNode(), upstreams, tree);
  }

  /** One picture in the making. */
  private static final class Drawing {
    private final List<Box> boxes = new ArrayList<>();
    private final List<String> links = new ArrayList<>();
    private final int ownColumn;
    private final Instant now;
    private int rows;
    private int columns;

    Drawing(int ownColumn, Instant now) {
      this.ownColumn = ownColumn;
      this.now = now;
      columns = ownColumn + 1;
    }

    Picture draw(Box self, List<Box> upstreams, Tree tree) {
      List<Integer> below = new ArrayList<>();
      tree.roots().forEach(branch -> below.add(branch(branch, ownColumn + 1)));
      tree.locations().stream()
          .limit(Tree.MAX_DRAWN)
          .forEach(group -> below.add(leaf(group(group), ownColumn + 1)));
      int more = tree.locations().size() - Tree.MAX_DRAWN;
      if (more > 0) {
        String left = Shown.count(more, "more location", "more locations");
        below.add(leaf(Box.of(Standing.UNKNOWN, left, "not drawn", ""), ownColumn + 1));
      }
      rows = Math.max(rows, Math.max(1, upstreams.size()));
      int middle =
          below.isEmpty()
              ? rows * ROW / 2
              : Math.max((below.getFirst() + below.getLast()) / 2, upstreams.size() * ROW / 2);
      middle = Math.min(middle, rows * ROW - Math.max(1, upstreams.size()) * ROW / 2);
      boxes.add(self.at(ownColumn, middle));
      for (int to : below) {
        link(ownColumn, middle, to);
      }
      int first = middle - (upstreams.size() - 1) * ROW / 2;
      for (int i = 0; i < upstreams.size(); i++) {
        boxes.add(upstreams.get(i).at(0, first + i * ROW));
        link(0, first + i * ROW, middle);
      }
      return new Picture(
          columns * COLUMN - (COLUMN - BOX_WIDTH) + 2 * MARGIN,
          rows * ROW + 2 * MARGIN,
          List.copyOf(boxes),
          List.copyOf(links));
    }

    /** Draws a node and all below it; returns where its middle is. */
    private int branch(Tree.Branch branch, int column) {
      Box box = node(branch.node(), now);
      if (branch.below().isEmpty()) {
        return leaf(box, column);
      }
      List<Integer> below = branch.below().stream().map(each -> branch(each, column + 1)).toList();
      int middle = (below.getFirst() + below.getLast()) / 2;
      boxes.add(box.at(column, middle));
      for (int to : below) {
        link(column, middle, to);
      }
      return middle;
    }

    private int leaf(Box box, int column) {
      int middle = rows++ * ROW + ROW / 2;
      columns = Math.max(columns, column + 1);
      boxes.add(box.at(column, middle));
      return middle;
    }

    /** From a box to one in the next column. */
    private void link(int column, int from, int to) {
      int right = MARGIN + column * COLUMN + BOX_WIDTH;
      int left = MARGIN + (column + 1) * COLUMN;
      int bend = (right + left) / 2;
      links.add(
          String.format(
              Locale.ROOT,
              "M%d %dC%d %d %d %d %d %d",
              right,
              MARGIN + from,
              bend,
              MARGIN + from,
              bend,
              MARGIN + to,
              left,
              MARGIN + to));
    }
  }

  private static Box node(Tree.Node node, Instant now) {
    String detail =
        switch (node.standing()) {
          case GONE ->
              "not heard of; seen "
                  + Shown.seconds(Duration.between(node.lastSeen(), now).toSeconds())
                  + " ago";
          case FAULT -> node.standing().label() + ": " + node.worst().state();
          case WORKING -> node.worst().state() + lag(node);
          case BEHIND, GOOD, UNKNOWN -> node.standing().label() + lag(node);
        };
    String place = node.location() + " · #" + Shown.count(node.worst().sequence());
    return Box.of(
        node.standing(),
        node.name(),
        node.worst().problem().isEmpty() ? detail : node.worst().problem() + ", " + detail,
        place);
  }

  private static String lag(Tree.Node node) {
    double seconds = Known.number(node.worst().lagSeconds());
    return seconds < 0 ? "" : ", " + Shown.seconds(seconds);
  }

  private static Box group(Tree.Group group) {
    return Box.of(
        group.standing(),
        group.location(),
        words(group.standings()),
        Shown.count(group.nodes(), "node", "nodes")
            + (group.lagSeconds() < 0 ? "" : ", worst lag " + Shown.seconds(group.lagSeconds())));
  }

  /** Returns how many stand how, in words. */
  static String words(Map<Standing, Integer> standings) {
    return standings.entrySet().stream()
        .map(each -> Shown.count(each.getValue()) + " " + each.getKey().label())
        .collect(Collectors.joining(", "));
  }
}

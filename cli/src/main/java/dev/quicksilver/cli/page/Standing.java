package dev.quicksilver.cli.page;

import dev.quicksilver.cli.process.NodeStatus.DatabaseState;

/**
 * How it stands with a node, from the worst on. Each has a shape and a word of its own, so that
 * nobody has to tell colours apart.
 */
enum Standing {
  /** It cannot follow: refused, diverged, withheld, without an upstream. */
  FAULT("not following", "M1 1H13V13H1Z M4 4L10 10M10 4L4 10"),
  /** This page has shown it before, and nothing is heard of it any more. */
  GONE("not heard of", "M4 1H10L13 4V10L10 13H4L1 10V4Z M4 7H10"),
  /** It has lacked something for longer than usual. */
  BEHIND("behind", "M7 1L13.5 13H0.5Z M7 5V9M7 10.5V11.5"),
  /** It connects or copies. */
  WORKING("getting there", "M7 0.5L13.5 7L7 13.5L0.5 7Z"),
  /** Nobody has said anything of it. */
  UNKNOWN("not known", "M1 7H13"),
  /** It has what there is. */
  GOOD("up to date", "M7 1A6 6 0 1 1 6.99 1Z M4 7.2L6.2 9.4L10 5");

  /** Lag of more than this, in seconds, is worth a look: heads are said each second. */
  static final double LONGEST_LAG = 10;

  private final String label;
  private final String shape;

  Standing(String label, String shape) {
    this.label = label;
    this.shape = shape;
  }

  /**
   * Returns what a node's report of one database comes to.
   *
   * @param lag entries that it lacks; negative if that is not known
   * @param lagSeconds for how long it may have lacked something; negative if that is not known
   */
  static Standing of(DatabaseState state, long lag, double lagSeconds) {
    boolean late = lagSeconds > LONGEST_LAG;
    return switch (state) {
      case STREAMING, SEQUENCING, SERVING -> late || (lagSeconds < 0 && lag > 0) ? BEHIND : GOOD;
      case COPYING, WAITING, WAITING_FOR_SLOT -> WORKING;
      case CONNECTING -> late ? BEHIND : WORKING;
      case BACKING_OFF,
          REFUSED,
          DIVERGED,
          WAITING_FOR_SPACE,
          WITHHELD,
          UNREADABLE,
          FAILED,
          ENDED,
          STOPPED,
          UNKNOWN ->
          FAULT;
    };
  }

  /** Returns the worse of two. */
  Standing or(Standing other) {
    return compareTo(other) <= 0 ? this : other;
  }

  /** Returns it in words. */
  String label() {
    return label;
  }

  /** Returns the shape as an SVG path in a square of 14 by 14. */
  String shape() {
    return shape;
  }

  /** Returns the class of the style sheet that colours it. */
  String style() {
    return switch (this) {
      case FAULT, GONE -> "bad";
      case BEHIND -> "late";
      case WORKING, UNKNOWN -> "dim";
      case GOOD -> "good";
    };
  }
}

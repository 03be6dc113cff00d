package dev.quicksilver.cli.top;

import dev.quicksilver.cli.process.NodeStatus.SubtreeReport;
import java.util.Comparator;

/** How the nodes below one upstream are sorted. */
enum Order {
  /** What needs somebody first. */
  WORST("worst"),
  /** The longest lag in seconds first. */
  SECONDS("seconds behind"),
  /** The longest lag in entries first. */
  ENTRIES("entries behind"),
  /** By name alone. */
  NAME("name");

  final String title;

  Order(String title) {
    this.title = title;
  }

  /** Returns what comes first among the reports of one node, or of the nodes below one upstream. */
  Comparator<SubtreeReport> comparator() {
    return first()
        .thenComparing(SubtreeReport::node)
        .thenComparing(SubtreeReport::instance)
        .thenComparing(SubtreeReport::database);
  }

  private Comparator<SubtreeReport> first() {
    return switch (this) {
      case WORST ->
          Comparator.comparingInt(Order::severity)
              .thenComparingDouble(Order::lagSeconds)
              .thenComparingLong(SubtreeReport::lag)
              .reversed();
      case SECONDS -> Comparator.comparingDouble(Order::lagSeconds).reversed();
      case ENTRIES -> Comparator.comparingLong(SubtreeReport::lag).reversed();
      case NAME -> Comparator.comparing(SubtreeReport::node);
    };
  }

  /** What is not known comes last. */
  private static double lagSeconds(SubtreeReport report) {
    Double lag = report.lagSeconds();
    return lag == null ? -1 : lag;
  }

  /** Returns how bad what a node says of a database is; 0 if it is as it should be. */
  static int severity(SubtreeReport report) {
    return switch (report.state()) {
      case DIVERGED -> 4;
      case REFUSED -> 3;
      default -> report.state().works() ? report.problem().isEmpty() ? 0 : 1 : 2;
    };
  }
}

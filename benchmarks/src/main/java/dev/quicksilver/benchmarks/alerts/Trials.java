package dev.quicksilver.benchmarks.alerts;

import java.util.List;

/** All trials, in an order in which none disturbs the next. */
public final class Trials {
  private Trials() {}

  /** Returns the one that begins with the tree as it is started, and ends with all well. */
  public static Trial first(AlertTree tree) {
    return new ExpiringCertificate(tree);
  }

  /**
   * Returns the others.
   *
   * @param exporter the instance under which alerts of PostgreSQL's exporter come
   */
  public static List<Trial> others(AlertTree tree, String exporter) {
    return List.of(
        new SpoiltCertificate(tree),
        new KilledRelay(tree),
        new KilledRoot(tree, exporter),
        new OwnFollower(tree),
        new SlowNetwork(tree),
        new LyingUpstream(tree),
        new TooManyReports(tree),
        new HungEdge(tree),
        new OldReader(tree),
        new DamagedValue(tree),
        new FullMap(tree),
        new ShortLog(tree));
  }
}

package dev.quicksilver.benchmarks.alerts;

import java.util.Set;

/** The cause of one alert or of several, and its cure. Used once. */
public interface Trial {
  /** Returns one line for the output: cause; then cure. */
  String what();

  /** Returns what has to fire and to clear, {@code ALERT INSTANCE}. */
  Set<String> alerts();

  /** Causes it. */
  void cause() throws Exception;

  /** Goes on causing it; called again and again until all of {@link #alerts()} fire. */
  default void causeMore() throws Exception {}

  /** Cures it. */
  void cure() throws Exception;

  /** Leaves the tree as the next trial expects it. */
  default void end() throws Exception {}
}

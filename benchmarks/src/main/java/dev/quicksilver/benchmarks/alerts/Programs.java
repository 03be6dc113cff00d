package dev.quicksilver.benchmarks.alerts;

import java.io.IOException;
import java.util.List;

/** Runs programs of the operating system. */
@FunctionalInterface
public interface Programs {
  /**
   * Runs one to its end; returns what it printed.
   *
   * @throws IOException with what it printed, if it failed
   */
  String run(List<String> command) throws IOException, InterruptedException;
}

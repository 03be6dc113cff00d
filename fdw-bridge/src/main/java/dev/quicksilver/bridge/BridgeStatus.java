package dev.quicksilver.bridge;

import dev.quicksilver.storage.Durations;
import java.time.Duration;
import java.util.Map;

/**
 * Counters of a running bridge, for metrics.
 *
 * @param connections open now
 * @param connectionsTotal accepted since the start
 * @param queries statements executed
 * @param evaluated of them by the evaluator
 * @param statements those that have ended, by what they were and how they ended, with their times
 * @param rows sent to clients, and to the evaluator
 * @param errors by SQLSTATE
 * @param oldestSnapshot age of the oldest snapshot in use; zero if there is none
 * @param evaluatorRuns whether the evaluator runs
 * @param evaluatorStarts how often it was started
 * @param waiting statements that wait for their turn to be evaluated
 */
public record BridgeStatus(
    int connections,
    long connectionsTotal,
    long queries,
    long evaluated,
    Map<Way, Map<Outcome, Durations.Sums>> statements,
    long rows,
    Map<String, Long> errors,
    Duration oldestSnapshot,
    boolean evaluatorRuns,
    long evaluatorStarts,
    int waiting) {
  /** What does a statement. */
  public enum Way {
    /** The bridge itself, by seeks and scans of the files. */
    SEEK,
    /** The same for the evaluator, which asks for the rows that it works with. */
    EVALUATORS_SEEK,
    /** The bridge's PostgreSQL. */
    EVALUATED,
    /** Neither: what changes the session alone, and what was refused before. */
    OTHER
  }

  /** How a statement has ended. */
  public enum Outcome {
    OK,
    /** Its client, or a limit in time, has ended it. */
    CANCELED,
    ERROR
  }
}

package dev.quicksilver.bridge;

import java.time.Duration;
import java.util.Map;

/**
 * Counters of a running bridge, for metrics.
 *
 * @param connections open now
 * @param connectionsTotal accepted since the start
 * @param queries statements executed
 * @param evaluated of them by the evaluator
 * @param rows sent to clients, and to the evaluator
 * @param errors by SQLSTATE
 * @param oldestSnapshot age of the oldest snapshot in use; zero if there is none
 * @param evaluatorRuns whether the evaluator runs
 */
public record BridgeStatus(
    int connections,
    long connectionsTotal,
    long queries,
    long evaluated,
    long rows,
    Map<String, Long> errors,
    Duration oldestSnapshot,
    boolean evaluatorRuns) {}

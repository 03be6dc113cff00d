package dev.quicksilver.bridge;

import dev.quicksilver.bridge.BridgeStatus.Outcome;
import dev.quicksilver.bridge.BridgeStatus.Way;
import dev.quicksilver.storage.Durations;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts for {@link BridgeStatus}; safe for all threads. */
final class Counters {
  final LongAdder connections = new LongAdder();
  final LongAdder queries = new LongAdder();
  final LongAdder evaluated = new LongAdder();
  final LongAdder rows = new LongAdder();
  private final Map<String, LongAdder> errors = new ConcurrentHashMap<>();
  private final Map<Ending, Durations> statements = new ConcurrentHashMap<>();

  private record Ending(Way way, Outcome outcome) {}

  void error(String sqlState) {
    errors.computeIfAbsent(sqlState, ignored -> new LongAdder()).increment();
  }

  /** A statement has ended that took so many ns. */
  void statement(Way way, Outcome outcome, long nanos) {
    of(way, outcome).add(nanos);
  }

  private Durations of(Way way, Outcome outcome) {
    return statements.computeIfAbsent(new Ending(way, outcome), _ -> new Durations());
  }

  Map<String, Long> errors() {
    Map<String, Long> result = new TreeMap<>();
    errors.forEach((state, count) -> result.put(state, count.sum()));
    return result;
  }

  Map<Way, Map<Outcome, Durations.Sums>> statements() {
    Map<Way, Map<Outcome, Durations.Sums>> result = new EnumMap<>(Way.class);
    for (Way way : Way.values()) {
      Map<Outcome, Durations.Sums> sums = new EnumMap<>(Outcome.class);
      for (Outcome outcome : Outcome.values()) {
        sums.put(outcome, of(way, outcome).sums());
      }
      result.put(way, sums);
    }
    return result;
  }
}

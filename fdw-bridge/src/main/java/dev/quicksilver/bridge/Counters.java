package dev.quicksilver.bridge;

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

  void error(String sqlState) {
    errors.computeIfAbsent(sqlState, ignored -> new LongAdder()).increment();
  }

  Map<String, Long> errors() {
    Map<String, Long> result = new TreeMap<>();
    errors.forEach((state, count) -> result.put(state, count.sum()));
    return result;
  }
}

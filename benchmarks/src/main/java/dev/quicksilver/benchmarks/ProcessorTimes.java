package dev.quicksilver.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;

/** What processes take of the processors, as long as they live. Not thread-safe. */
final class ProcessorTimes {
  private record Watched(long pid, double before, double last) {}

  private final Map<String, Watched> all = new LinkedHashMap<>();

  /** Begins to watch a process under a name. */
  void watch(String name, long pid) {
    all.put(name, new Watched(pid, now(pid, 0), 0));
  }

  /** The same for one that has just begun: what it took until now counts. */
  void watchFromItsStart(String name, long pid) {
    all.put(name, new Watched(pid, 0, 0));
  }

  boolean isWatched(String name) {
    return all.containsKey(name);
  }

  /** Looks at all of them; one that has ended keeps what was seen last. */
  void sample() {
    all.replaceAll((_, of) -> new Watched(of.pid(), of.before(), now(of.pid(), of.last())));
  }

  private static double now(long pid, double otherwise) {
    return ProcessHandle.of(pid)
        .flatMap(process -> process.info().totalCpuDuration())
        .map(time -> time.toNanos() / 1e9)
        .orElse(otherwise);
  }

  /** Seconds of all processors until the last sample. */
  double sum() {
    return all.values().stream().mapToDouble(of -> of.last() - of.before()).sum();
  }

  /** Seconds of each, in the order in which they came, and the sum. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    all.forEach(
        (name, of) -> text.append(String.format("%s %.1f s, ", name, of.last() - of.before())));
    return text + String.format("together %.1f s", sum());
  }
}

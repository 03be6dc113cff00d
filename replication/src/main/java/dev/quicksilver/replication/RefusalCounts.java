package dev.quicksilver.replication;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** How often each upstream has refused this node since its start, and why. Thread-safe. */
final class RefusalCounts {
  private final Map<Upstream, Map<RefusalCode, LongAdder>> counts = new LinkedHashMap<>();

  RefusalCounts(List<Upstream> upstreams) {
    for (Upstream upstream : Upstream.inOrder(upstreams)) {
      Map<RefusalCode, LongAdder> of = new EnumMap<>(RefusalCode.class);
      for (RefusalCode code : RefusalCode.values()) {
        of.put(code, new LongAdder());
      }
      counts.put(upstream, of);
    }
  }

  void add(Upstream upstream, RefusalCode code) {
    counts.getOrDefault(upstream, Map.of()).getOrDefault(code, new LongAdder()).increment();
  }

  /** Returns all upstreams with all codes, also those that never came, in the order of both. */
  List<RefusalCount> all() {
    List<RefusalCount> result = new ArrayList<>();
    counts.forEach(
        (upstream, of) ->
            of.forEach((code, count) -> result.add(new RefusalCount(upstream, code, count.sum()))));
    return result;
  }
}

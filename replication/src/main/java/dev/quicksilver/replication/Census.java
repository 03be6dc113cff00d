package dev.quicksilver.replication;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes nodes of reports: of one that was started again only its present run counts, and two that
 * run with the same instance id (the machine of one is a copy of the other's) are two. Immutable.
 *
 * <p>A run is over when another run of its instance began after its last word. Both times are of
 * one clock, if it is one machine. Two machines whose clocks differ are recognised by the run going
 * on to speak for {@value #LATE_SECONDS} s after the other one began, on the clock here.
 */
final class Census {
  private static final long LATE_SECONDS = 10;
  private static final long LATE = TimeUnit.SECONDS.toNanos(LATE_SECONDS);

  /**
   * A report as it came.
   *
   * @param at when it came first, in ns on the clock here
   */
  record Heard(NodeAck ack, long at) {}

  /** In µs; what matters here is shorter by far, and ns of this are no trouble. */
  private static final long LONG_UP = TimeUnit.DAYS.toMicros(365);

  private static final Comparator<NodeRun> BY_START =
      Comparator.comparingLong(NodeRun::started).thenComparing(NodeRun::process);

  /** The ids of the runs that are not over, the one that began first with that of its instance. */
  private final Map<NodeRun, UUID> ids = new HashMap<>();

  private final Set<UUID> cloned = new HashSet<>();
  private final Map<String, Set<UUID>> names = new HashMap<>();
  private final Collection<Heard> reports;

  /**
   * Counts.
   *
   * @param reports one for each key
   * @param self the node that counts, if it is known; it runs
   */
  Census(Collection<Heard> reports, @Nullable NodeIdentity self) {
    this.reports = reports;
    Map<UUID, Map<NodeRun, Heard>> instances = new HashMap<>();
    for (Heard heard : reports) {
      NodeRun run = heard.ack().run();
      instances
          .computeIfAbsent(run.instance(), _ -> new HashMap<>())
          .merge(run, heard, (a, b) -> a.ack().said() >= b.ack().said() ? a : b);
    }
    instances.forEach((instance, runs) -> tellApart(instance, runs, self));
    reports.forEach(heard -> name(heard.ack().node(), heard.ack().run()));
    if (self != null) {
      names.computeIfAbsent(self.name(), _ -> new HashSet<>()).add(self.run().instance());
    }
  }

  private void tellApart(UUID instance, Map<NodeRun, Heard> runs, @Nullable NodeIdentity self) {
    NavigableSet<NodeRun> present = new TreeSet<>(BY_START);
    runs.forEach(
        (run, heard) -> {
          if (runs.values().stream().noneMatch(other -> isOver(heard, other))) {
            present.add(run);
          }
        });
    if (self != null && self.run().instance().equals(instance)) {
      present.add(self.run());
    }
    NodeRun first = present.first(); // there is one: who spoke last is not over
    present.forEach(run -> ids.put(run, run.equals(first) ? instance : run.idBesideOthers()));
    if (present.size() > 1) {
      cloned.add(instance);
    }
  }

  private static boolean isOver(Heard run, Heard other) {
    if (run.equals(other)) {
      return false;
    }
    NodeAck next = other.ack();
    long up = Math.min(next.said() - next.run().started(), LONG_UP);
    long began = other.at() - TimeUnit.MICROSECONDS.toNanos(up);
    return run.ack().said() < next.run().started() && run.at() - (began + LATE) < 0;
  }

  private void name(String name, NodeRun run) {
    if (ids.containsKey(run) && !run.isOnlyNamed()) {
      names.computeIfAbsent(name, _ -> new HashSet<>()).add(run.instance());
    }
  }

  /**
   * Returns the nodes that count, one for each database that they follow, in the reports' order.
   */
  List<NodeBelow> nodes() {
    List<NodeBelow> nodes = new ArrayList<>();
    for (Heard heard : reports) {
      NodeAck ack = heard.ack();
      UUID id = ids.get(ack.run());
      if (id != null) {
        nodes.add(new NodeBelow(id, ack, problem(ack)));
      }
    }
    return nodes;
  }

  private Optional<NodeProblem> problem(NodeAck ack) {
    if (cloned.contains(ack.run().instance())) {
      return Optional.of(NodeProblem.CLONED);
    }
    return !ack.run().isOnlyNamed() && names.getOrDefault(ack.node(), Set.of()).size() > 1
        ? Optional.of(NodeProblem.NAME_IN_USE)
        : Optional.empty();
  }
}

package dev.quicksilver.replication;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log which nodes below this one cannot be told apart by what they were given: once
 * each, and only what it sees twice, since of a node that was replaced the last word may linger. A
 * thread of its own.
 */
final class ProblemWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProblemWatch.class);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final int MOST_LINES = 20;
  private static final int MOST_NODES = 5;

  /** What a line is about: a problem, and the name or the instance id that several have. */
  private record Subject(NodeProblem problem, String shared) implements Comparable<Subject> {
    static Subject of(NodeProblem problem, NodeAck ack) {
      return new Subject(
          problem,
          switch (problem) {
            case NAME_IN_USE -> ack.node();
            case CLONED -> ack.run().instance().toString();
          });
    }

    @Override
    public int compareTo(Subject other) {
      int byProblem = problem.compareTo(other.problem);
      return byProblem != 0 ? byProblem : shared.compareTo(other.shared);
    }
  }

  private final Subtree subtree;
  private final NodeIdentity self;
  private final Set<Subject> said = new HashSet<>();
  private Set<Subject> before = Set.of();
  private final Thread thread;

  ProblemWatch(Subtree subtree, NodeIdentity self) {
    this.subtree = subtree;
    this.self = self;
    this.thread = Thread.ofVirtual().name("replication-problems").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    try {
      while (true) {
        long began = System.nanoTime();
        look().forEach(LOG::warn);
        long took = System.nanoTime() - began;
        Thread.sleep(Duration.ofNanos(Math.max(PAUSE.toNanos(), 20 * took)));
      }
    } catch (InterruptedException e) {
      LOG.debug("no more looks at the nodes below");
    }
  }

  /** Returns what there is to say now. */
  List<String> look() {
    Map<Subject, Map<NodeRun, NodeAck>> now = new TreeMap<>();
    for (List<NodeBelow> nodes : subtree.nodes().values()) {
      for (NodeBelow node : nodes) {
        node.problem()
            .ifPresent(
                problem ->
                    now.computeIfAbsent(Subject.of(problem, node.ack()), _ -> new LinkedHashMap<>())
                        .put(node.ack().run(), node.ack()));
      }
    }
    List<String> lines = new ArrayList<>();
    now.forEach(
        (subject, nodes) -> {
          if (before.contains(subject) && lines.size() < MOST_LINES && said.add(subject)) {
            lines.add(line(subject, nodes.values()));
          }
        });
    said.retainAll(now.keySet());
    before = Set.copyOf(now.keySet());
    return lines;
  }

  private String line(Subject subject, Collection<NodeAck> nodes) {
    List<String> shown =
        nodes.stream().limit(MOST_NODES).map(ProblemWatch::show).collect(Collectors.toList());
    if (nodes.size() > MOST_NODES) {
      shown.add(nodes.size() - MOST_NODES + " more");
    }
    if (isSelf(subject) && nodes.stream().noneMatch(node -> node.run().equals(self.run()))) {
      shown.add("this node");
    }
    String who = subject.shared() + "\": " + String.join(", ", shown);
    return switch (subject.problem()) {
      case NAME_IN_USE -> "several nodes are named \"" + who + "; give each a node.name of its own";
      case CLONED ->
          "several processes run as node instance \""
              + who
              + "; all but one work on a copy of its data directory: stop those, remove the file \""
              + InstanceFile.NAME
              + "\" from their data directories, and start them again";
    };
  }

  private boolean isSelf(Subject subject) {
    return switch (subject.problem()) {
      case NAME_IN_USE -> self.name().equals(subject.shared());
      case CLONED -> self.run().instance().toString().equals(subject.shared());
    };
  }

  private static String show(NodeAck ack) {
    return "\""
        + ack.node()
        + "\" (instance "
        + ack.run().instance()
        + ") at \""
        + ack.location()
        + "\" below \""
        + ack.upstream()
        + "\"";
  }

  @Override
  public void close() {
    thread.interrupt();
    Threads.join(thread);
  }
}

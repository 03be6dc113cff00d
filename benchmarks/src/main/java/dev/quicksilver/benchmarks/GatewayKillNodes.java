package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A PostgreSQL, three roots on it of which the third may be absent, a relay and two edges. Who was
 * killed or stopped here comes back when it is due, while anything is waited for. For one thread.
 */
final class GatewayKillNodes implements AutoCloseable {
  static final List<String> ROOTS = List.of("a", "b", "c");

  /** The root that is not always there. */
  static final String THIRD = "c";

  /** Follows the roots directly. */
  static final String EDGE = "edge1";

  private static final String RELAY = "relay";
  private static final String FAR_EDGE = "edge2";

  /** What can happen to a process. */
  enum Signal {
    KILL,
    STOP
  }

  /** Who is away, since a signal, and until when in {@link System#nanoTime()}. */
  private record Away(Signal by, long until) {}

  private final Cluster cluster;
  private final EmbeddedPostgres postgres;
  private final Map<String, Away> away = new LinkedHashMap<>();
  private boolean thirdIsIn = true;

  private GatewayKillNodes(Cluster cluster, EmbeddedPostgres postgres) {
    this.cluster = cluster;
    this.postgres = postgres;
  }

  /** Starts all of it, with databases of these names, and waits until all follow. */
  static GatewayKillNodes start(Path folder, List<String> databases) throws Exception {
    Cluster cluster = Cluster.in(folder, Processes.SERVICE);
    try {
      GatewayKillNodes nodes = new GatewayKillNodes(cluster, cluster.embedPostgres());
      cluster.start(NodeSpec.root("a", "b", "c"));
      cluster.awaitHealthy("a");
      cluster.start(NodeSpec.root("b", "a", "c"));
      cluster.start(NodeSpec.root("c", "a", "b"));
      cluster.start(NodeSpec.replica(RELAY, "a", "b", "c"));
      cluster.start(NodeSpec.replica(EDGE, "a", "b", "c"));
      cluster.start(NodeSpec.replica(FAR_EDGE, RELAY));
      for (String database : databases) {
        nodes.query("SELECT quicksilver.create_database('" + database + "')");
      }
      for (String node : all()) {
        cluster.awaitStatus(
            node,
            "to have all databases",
            status ->
                status.healthy()
                    && status.databases().stream()
                        .map(NodeStatus.DatabaseReport::name)
                        .collect(Collectors.toSet())
                        .containsAll(databases));
      }
      return nodes;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** All nodes. */
  static List<String> all() {
    List<String> all = new ArrayList<>(ROOTS);
    all.addAll(List.of(RELAY, EDGE, FAR_EDGE));
    return all;
  }

  Cluster cluster() {
    return cluster;
  }

  String url() {
    return postgres.jdbcUrl();
  }

  Connection connect() throws SQLException {
    return postgres.connect();
  }

  private String query(String sql) throws SQLException {
    try (Connection connection = connect()) {
      return new SqlSession(connection).query(sql);
    }
  }

  /** Whether PostgreSQL is neither killed nor stopped. */
  boolean hasPostgres() {
    return !away.containsKey(Cluster.POSTGRES);
  }

  /** The roots that are neither killed, stopped nor absent; they may just have been started. */
  List<String> presentRoots() {
    return ROOTS.stream()
        .filter(root -> !away.containsKey(root) && (thirdIsIn || !root.equals(THIRD)))
        .toList();
  }

  /** The roots that sequence, as far as they know: none for a moment, or two. */
  List<String> activeRoots() throws InterruptedException {
    List<String> active = new ArrayList<>();
    for (String root : presentRoots()) {
      if (status(root).filter(GatewayKillNodes::sequences).isPresent()) {
        active.add(root);
      }
    }
    return active;
  }

  private static boolean sequences(NodeStatus status) {
    return status.databases().stream().anyMatch(each -> each.state() == DatabaseState.SEQUENCING);
  }

  private Optional<NodeStatus> status(String node) throws InterruptedException {
    try {
      return Optional.of(cluster.status(node));
    } catch (IOException e) {
      return Optional.empty(); // it is starting
    }
  }

  /**
   * Kills or stops a root or {@link Cluster#POSTGRES}.
   *
   * @param until when it comes back, in {@link System#nanoTime()}
   */
  void hit(String victim, Signal signal, long until) throws Exception {
    if (victim.equals(Cluster.POSTGRES)) {
      // A root that finds no PostgreSQL at its start ends; that is not looked at here.
      for (String root : presentRoots()) {
        cluster.awaitReady(root);
      }
      switch (signal) {
        case KILL -> postgres.kill();
        case STOP -> signalPostgres("STOP");
      }
    } else {
      switch (signal) {
        case KILL -> cluster.kill(victim);
        case STOP -> cluster.process(victim).hang();
      }
    }
    away.put(victim, new Away(signal, until));
  }

  /** Changes when a victim comes back. */
  void comesBack(String victim, long until) {
    away.computeIfPresent(victim, (_, before) -> new Away(before.by(), until));
  }

  /** Whether it was hit and has not come back. */
  boolean isAway(String victim) {
    return away.containsKey(victim);
  }

  /** Lets those come back that are due; a root only once it can find PostgreSQL. */
  private void bringBack() throws Exception {
    for (String victim : List.copyOf(away.keySet())) {
      Away was = away.get(victim);
      if (was == null || System.nanoTime() - was.until() < 0) {
        continue;
      }
      if (victim.equals(Cluster.POSTGRES)) {
        switch (was.by()) {
          case KILL -> postgres.restart();
          case STOP -> signalPostgres("CONT");
        }
        away.remove(victim);
      } else if (was.by() == Signal.STOP) {
        cluster.process(victim).resume();
        away.remove(victim);
      } else if (hasPostgres()) {
        cluster.launch(spec(victim));
        away.remove(victim);
      }
    }
  }

  private static NodeSpec spec(String root) {
    return NodeSpec.root(
        root, ROOTS.stream().filter(other -> !other.equals(root)).toArray(String[]::new));
  }

  /** PostgreSQL's processes, the postmaster first: stopped, it makes no new ones. */
  private void signalPostgres(String signal) throws IOException, InterruptedException {
    Path file = postgres.directory().resolve("data").resolve("postmaster.pid");
    long postmaster;
    try (Stream<String> lines = Files.lines(file)) {
      postmaster = Long.parseLong(lines.findFirst().orElseThrow().strip());
    }
    send(signal, List.of(postmaster));
    send(
        signal,
        ProcessHandle.of(postmaster).orElseThrow().descendants().map(ProcessHandle::pid).toList());
  }

  private static void send(String signal, List<Long> processes)
      throws IOException, InterruptedException {
    String ids = processes.stream().map(String::valueOf).collect(Collectors.joining(" "));
    // One that has just ended by itself is no failure.
    new ProcessBuilder("sh", "-c", "kill -" + signal + " " + ids)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  /** Takes the third root away by SIGTERM, or brings it in again; not while it is away anyway. */
  void thirdComesOrGoes() throws IOException {
    if (isAway(THIRD)) {
      return;
    }
    if (thirdIsIn) {
      cluster.stop(THIRD);
    } else {
      cluster.launch(spec(THIRD));
    }
    thirdIsIn = !thirdIsIn;
  }

  boolean thirdIsIn() {
    return thirdIsIn;
  }

  /**
   * Waits, while those come back that are due.
   *
   * @throws dev.quicksilver.cli.cluster.ClusterException if it is not so within two minutes, or a
   *     process ends by itself
   */
  void await(String what, BooleanSupplier condition) throws InterruptedException {
    cluster.await(
        what,
        () -> {
          try {
            bringBack();
          } catch (Exception e) {
            throw new IllegalStateException("while waiting for " + what, e);
          }
          return condition.getAsBoolean();
        });
  }

  /**
   * Waits until all are back, one root sequences and the others could take its place; returns that
   * one.
   */
  String settle() throws InterruptedException {
    await("all to be back", away::isEmpty);
    List<String> problems = new ArrayList<>();
    try {
      await(
          "one root to sequence and the others to follow",
          () -> {
            problems.clear();
            problems.addAll(unsettled());
            return problems.isEmpty();
          });
    } catch (RuntimeException e) {
      e.addSuppressed(new IllegalStateException(String.join("; ", problems)));
      throw e;
    }
    return activeRoots().getFirst();
  }

  private List<String> unsettled() {
    List<String> problems = new ArrayList<>();
    try {
      int active = 0;
      for (String root : presentRoots()) {
        Optional<NodeStatus> status = status(root);
        if (status.isEmpty() || !status.get().healthy()) {
          problems.add(root + " " + status.map(NodeStatus::problem).orElse("does not answer"));
        } else if (sequences(status.get())) {
          active++;
        } else if (!couldBeTheRoot(status.get())) {
          problems.add(root + " is complete only up to " + status.get().complete());
        }
      }
      if (active != 1) {
        problems.add(active + " roots sequence");
      }
    } catch (SQLException e) {
      problems.add("PostgreSQL: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return problems;
  }

  /** Whether it has all that PostgreSQL may have forgotten. */
  private boolean couldBeTheRoot(NodeStatus status) throws SQLException {
    String complete = status.complete();
    return !complete.isEmpty()
        && query(
                "SELECT bool_and(confirmed_flush_lsn <= '"
                    + complete.substring(complete.indexOf(':') + 1)
                    + "') FROM pg_replication_slots WHERE slot_type = 'logical'")
            .equals("t");
  }

  /** Stops all of it; what is held up goes on before. */
  @Override
  public void close() throws IOException {
    try {
      if (Optional.ofNullable(away.get(Cluster.POSTGRES)).map(Away::by).orElse(Signal.KILL)
          == Signal.STOP) {
        signalPostgres("CONT");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      cluster.close();
    }
  }
}

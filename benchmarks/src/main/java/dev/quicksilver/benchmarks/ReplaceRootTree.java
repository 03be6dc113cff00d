package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * A root with relays and edges in a random tree, each a process, on a database of its own of a
 * PostgreSQL. A node keeps its name and its addresses; what it has on its disk changes: any data
 * directory can become the root's. One thread.
 */
final class ReplaceRootTree implements AutoCloseable {
  static final String ROOT = "root";

  /** What comes back on the lost root's directory. */
  static final String LATE = "late";

  private static final List<String> WINDOWS = List.of("0s", "20ms", "100ms", "500ms");

  /** Mostly as it is by default. */
  private static final List<String> CONFIRM_AFTER = List.of("10s", "10s", "10s", "2s", "0s");

  private final EmbeddedPostgres postgres;
  private final String database;
  private final Random random;
  private final Cluster cluster;
  private final Connection connection;
  private final String confirmAfter;
  private final Map<String, NodeSpec> replicas = new LinkedHashMap<>();
  private final Map<String, Long> readUpTo = new TreeMap<>();
  private NodeSpec root;
  private String late = "";
  private int directories;

  ReplaceRootTree(EmbeddedPostgres postgres, String database, Path folder, Random random)
      throws Exception {
    this.postgres = postgres;
    this.database = database;
    this.random = random;
    this.confirmAfter = any(CONFIRM_AFTER);
    try (Connection first = postgres.connect()) {
      new SqlSession(first).execute("CREATE DATABASE " + database);
    }
    connection = postgres.connect(database);
    cluster = Cluster.in(folder, Processes.OPTIONS);
    cluster.usePostgres(CentralPostgres.of(postgres, postgres.jdbcUrl(database)));
    root = NodeSpec.root(ROOT).onDataOf(newDirectory()).with(Settings.ROOT_WINDOW, any(WINDOWS));
    root = root.with(Settings.ROOT_CONFIRM_AFTER, confirmAfter);
    List<String> relays = IntStream.range(0, random.nextInt(4)).mapToObj(i -> "relay" + i).toList();
    for (int i = 0; i < relays.size(); i++) {
      add(relays.get(i), relays.subList(0, i));
    }
    int edges = 2 + random.nextInt(3);
    for (int i = 0; i < edges; i++) {
      add("edge" + i, relays);
    }
  }

  private void add(String name, List<String> relays) {
    List<String> upstreams = new ArrayList<>(List.of(ROOT));
    if (!relays.isEmpty()) {
      upstreams.add(random.nextInt(4) == 0 ? 1 : 0, any(relays));
    }
    replicas.put(name, replica(name, upstreams).onDataOf(newDirectory()));
  }

  private NodeSpec replica(String name, List<String> upstreams) {
    return NodeSpec.replica(name, upstreams.toArray(String[]::new))
        .with(Settings.REPLICATION_WINDOW, any(WINDOWS));
  }

  private <T> T any(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  Cluster cluster() {
    return cluster;
  }

  SqlSession sql() {
    return new SqlSession(connection);
  }

  Connection connection() {
    return connection;
  }

  String confirmAfter() {
    return confirmAfter;
  }

  /** Starts all nodes that are not up, and waits until they are. */
  void startAll() throws IOException, InterruptedException {
    if (!isUp(ROOT)) {
      cluster.start(root);
    }
    for (String name : replicas.keySet()) {
      if (!isUp(name)) {
        launch(name);
      }
    }
    for (String name : replicas.keySet()) {
      cluster.awaitReady(name);
    }
  }

  /** Starts a replica of this tree; does not wait. */
  void launch(String name) throws IOException {
    cluster.launch(spec(name));
  }

  /** Starts the root on another directory, and waits until it is ready. */
  void startRoot(String directory) throws IOException, InterruptedException {
    root = root.onDataOf(directory);
    cluster.start(root);
  }

  /** Returns the data directory of a node. */
  String directoryOf(String name) {
    return name.equals(LATE) ? late : spec(name).data();
  }

  /** Starts a replica below the root on the directory that the last root has left. */
  void launchLate(String directory) throws IOException {
    List<String> relays = relays();
    List<String> upstreams = new ArrayList<>(List.of(ROOT));
    if (!relays.isEmpty()) {
      upstreams.add(random.nextInt(2), any(relays));
    }
    markLog(LATE);
    late = directory;
    cluster.launch(replica(LATE, upstreams).onDataOf(directory));
  }

  NodeSpec spec(String name) {
    NodeSpec spec = name.equals(ROOT) ? root : replicas.get(name);
    if (spec == null) {
      throw new IllegalArgumentException("there is no node " + name);
    }
    return spec;
  }

  /** Gives a replica that is down another data directory. */
  void give(String name, String directory) {
    replicas.put(name, spec(name).onDataOf(directory));
  }

  /** Returns a name for a data directory that is not there yet. */
  String newDirectory() {
    return "d" + ++directories;
  }

  Path data(String directory) {
    return cluster.data(directory);
  }

  /** Returns the names of all replicas, whether they are up or not. */
  List<String> replicas() {
    return List.copyOf(replicas.keySet());
  }

  List<String> relays() {
    return replicas().stream().filter(name -> name.startsWith("relay")).toList();
  }

  List<String> up() {
    return replicas().stream().filter(this::isUp).toList();
  }

  boolean isUp(String name) {
    try {
      return cluster.process(name).isAlive();
    } catch (IllegalArgumentException e) {
      return false; // never started
    }
  }

  /** Kills nodes with SIGKILL, all at once. */
  void kill(Collection<String> names) {
    List<ChildProcess> victims = names.stream().map(cluster::process).toList();
    victims.parallelStream().forEach(ChildProcess::kill);
  }

  /** From here on, a copy of a database that a replica makes is one too many. */
  void markLogs() throws IOException {
    for (String name : replicas.keySet()) {
      markLog(name);
    }
  }

  private void markLog(String name) throws IOException {
    Path log = cluster.log(name);
    readUpTo.put(name, Files.exists(log) ? Files.size(log) : 0);
  }

  /** Returns what the replicas' logs since then tell of copies that were begun. */
  List<String> copies() throws IOException {
    List<String> copies = new ArrayList<>();
    for (Map.Entry<String, Long> each : readUpTo.entrySet()) {
      byte[] all = Files.readAllBytes(cluster.log(each.getKey()));
      int from = Math.toIntExact(each.getValue());
      new String(all, from, all.length - from, StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.contains(" to COPYING: "))
          .map(line -> each.getKey() + ": " + line)
          .forEach(copies::add);
    }
    return copies;
  }

  /** Where the slot was confirmed, in bytes of WAL; while no root runs once nobody reads it. */
  long confirmed() throws SQLException {
    if (!isUp(ROOT)) {
      awaitFreeSlot();
    }
    return Long.parseLong(
        sql()
            .query(
                "SELECT confirmed_flush_lsn - '0/0' FROM pg_replication_slots WHERE slot_name ="
                    + " quicksilver.slot_name()"));
  }

  /** Waits until PostgreSQL was told that it may forget the WAL up to there. */
  void awaitConfirmed(long lsn) throws SQLException {
    await("the root confirms " + lsn, () -> confirmed() >= lsn);
  }

  /** Waits until all replicas that are up say that they are complete up to there. */
  void awaitComplete(long lsn) throws InterruptedException {
    for (String name : up()) {
      cluster.awaitStatus(
          name, "to be complete up to " + lsn, status -> lsn(status.complete()) >= lsn);
    }
  }

  private void awaitFreeSlot() throws SQLException {
    String used =
        "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name ="
            + " quicksilver.slot_name()";
    await("the lost root's slot is free", () -> sql().query(used).equals("0"));
  }

  private interface Question {
    boolean isSo() throws SQLException;
  }

  private static void await(String what, Question question) throws SQLException {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!question.isSo()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("waited two minutes in vain for: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** Reads a position, as in {@code 7300@1:0/1A2B3C}; 0 if there is none. */
  static long lsn(String position) {
    if (position.isEmpty()) {
      return 0;
    }
    int slash = position.lastIndexOf('/');
    long high = Long.parseLong(position.substring(position.lastIndexOf(':') + 1, slash), 16);
    return high << 32 | Long.parseLong(position.substring(slash + 1), 16);
  }

  /** Returns where PostgreSQL writes next, in bytes of WAL. */
  long written() throws SQLException {
    return Long.parseLong(sql().query("SELECT pg_current_wal_insert_lsn() - '0/0'"));
  }

  /** Returns the names of what has to be equal: the root, and all replicas that are up. */
  List<String> nodes() {
    List<String> nodes = new ArrayList<>(List.of(ROOT));
    nodes.addAll(up());
    if (isUp(LATE)) {
      nodes.add(LATE);
    }
    return nodes;
  }

  /** How a node's databases stand, by name; throws IOException while it does not answer. */
  Map<String, String> states(String node) throws IOException, InterruptedException {
    Map<String, String> states = new TreeMap<>();
    for (NodeStatus.DatabaseReport each : cluster.status(node).databases()) {
      states.put(
          each.name(),
          each.id()
              + " at "
              + each.sequence()
              + ", chain hash "
              + each.chainHash()
              + ", digest "
              + each.contentDigest());
    }
    return states;
  }

  /**
   * Waits until the root has an entry of a database whose commit came after a place in the WAL, and
   * so all that was committed before.
   */
  void awaitSequenced(String name, long after) throws InterruptedException {
    cluster.awaitStatus(
        ROOT,
        "to have the last commit",
        status ->
            status.databases().stream()
                .anyMatch(each -> each.name().equals(name) && lsn(each.position()) > after));
  }

  /** Waits until all nodes have the same as the root; nobody writes meanwhile. */
  void awaitSame() throws InterruptedException {
    for (String node : nodes()) {
      cluster.awaitStatus(node, "to have what the root has", _ -> isSame(node));
    }
  }

  private boolean isSame(String node) {
    try {
      return states(node).equals(states(ROOT));
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Stops all of it, and drops its database. */
  @Override
  public void close() throws IOException, SQLException {
    try (connection) {
      cluster.close();
      awaitFreeSlot();
      sql()
          .execute(
              "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name"
                  + " = quicksilver.slot_name()");
    }
    try (Connection last = postgres.connect()) {
      new SqlSession(last).execute("DROP DATABASE " + database + " WITH (FORCE)");
    }
  }
}

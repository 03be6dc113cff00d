package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.LogScan;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * {@code main.kill}: random changes in transactions while root, relay and an edge are killed with
 * SIGKILL. A reader at each edge looks all the time and knows, for each transaction, what exactly
 * the database must hold after it.
 */
final class KillBar implements Bar {
  @Override
  public String name() {
    return "main.kill";
  }

  @Override
  public String description() {
    return "20,000 random changes while root, relay and a replica are killed at least 5 times each";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int changes = settings.size(20_000, 3_000);
    int kills = settings.size(5, 2);
    try (Tree tree = Tree.start();
        Copies copies = new Copies(tree);
        ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      tree.sql("SELECT quicksilver.create_database('kv')");
      AtomicBoolean killing = new AtomicBoolean(true);
      AtomicBoolean reading = new AtomicBoolean(true);
      KillWriter writer = new KillWriter(settings.seed());
      Future<Void> writing =
          executor.submit(
              () -> {
                try (Connection connection = tree.connect()) {
                  writer.write(connection, changes, killing::get);
                }
                return null;
              });
      List<Future<Long>> readers =
          List.of(
              executor.submit(() -> writer.watch(copies.of(Node.EDGE1), reading::get)),
              executor.submit(() -> writer.watch(copies.of(Node.EDGE2), reading::get)));
      Map<Node, Integer> killed = kill(tree, kills, new Random(settings.seed() + 1), writing);
      killing.set(false);
      writing.get(10, TimeUnit.MINUTES);
      System.out.printf(
          "wrote %,d changes in %,d transactions; killed %s%n",
          writer.changes(), writer.transactions(), killed);
      try {
        awaitNodes(tree, copies, writer);
      } finally {
        reading.set(false);
      }
      long looks = 0;
      for (Future<Long> reader : readers) {
        looks += reader.get();
      }
      System.out.printf(
          "the readers looked %,d times; each time at exactly one transaction%n", looks);
      long entries = compare(tree, copies);
      return new Outcome(
          String.format(
              "%,d changes, %d kills, %,d entries, %,d looks, equal everywhere",
              writer.changes(), killed.values().stream().mapToInt(i -> i).sum(), entries, looks),
          "= equal, gapless, all or nothing",
          writer.changes() >= changes && looks > 0);
    }
  }

  private static Map<Node, Integer> kill(Tree tree, int times, Random random, Future<?> writing)
      throws Exception {
    Map<Node, Integer> killed = new EnumMap<>(Node.class);
    List<Node> victims = List.of(Node.ROOT, Node.RELAY, Node.EDGE1);
    while (victims.stream().anyMatch(node -> killed.getOrDefault(node, 0) < times)) {
      if (writing.isDone()) {
        writing.get(); // the writer ends before the kills only by failing
      }
      TimeUnit.MILLISECONDS.sleep(random.nextInt(4_000));
      Node victim = victims.get(random.nextInt(victims.size()));
      if (!tree.process(victim).isAlive()) {
        throw new AssertionError(victim + " ended by itself: " + tree.process(victim).output());
      }
      tree.killAndRelaunch(victim);
      killed.merge(victim, 1, Integer::sum);
    }
    return killed;
  }

  /** The nodes' databases, each opened once: a process must not open an environment twice. */
  private static final class Copies implements AutoCloseable {
    private final Tree tree;
    private final Map<Node, Database> open = new EnumMap<>(Node.class);

    Copies(Tree tree) {
      this.tree = tree;
    }

    synchronized Database of(Node node) {
      return open.computeIfAbsent(node, missing -> tree.open(missing, "kv"));
    }

    @Override
    public synchronized void close() {
      open.values().forEach(Database::close);
    }
  }

  private static void awaitNodes(Tree tree, Copies copies, KillWriter writer) {
    for (Node node : Node.values()) {
      Database database = copies.of(node);
      tree.await(
          "the last transaction on " + node,
          () -> writer.transactionIn(database) == writer.transactions());
    }
  }

  /**
   * Compares every node with the source table and with the root's log; returns the number of
   * entries.
   */
  private static long compare(Tree tree, Copies copies) throws Exception {
    Map<String, String> source = new TreeMap<>();
    try (Connection connection = tree.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT key, value FROM kv")) {
      while (rows.next()) {
        source.put(rows.getString(1), rows.getString(2));
      }
    }
    Model expected = new Model();
    source.forEach(expected::set);
    String chain = null;
    long entries = 0;
    for (Node node : Node.values()) {
      try (Snapshot snapshot = copies.of(node).snapshot()) {
        require(
            snapshot.pairs() == source.size() && Model.sum(snapshot).equals(expected.sum()),
            node + " differs from the source table");
        LogScan log = snapshot.scanLog(1);
        long next = 1;
        for (LogEntry entry = log.next(); entry != null; entry = log.next()) {
          require(entry.sequence() == next, node + " has a gap at sequence " + next);
          next++;
        }
        entries = next - 1;
        require(
            entries == snapshot.head().lastSequence(), node + "'s log does not end at its head");
        String here = snapshot.head().chainHash().toString();
        require(chain == null || chain.equals(here), node + " has another chain hash");
        chain = here;
        System.out.printf(
            "%-6s %,6d pairs, sequences 1..%,d, chain %s…, digest %s%n",
            node,
            snapshot.pairs(),
            entries,
            here.substring(0, 16),
            snapshot.head().contentDigest());
      }
    }
    return entries;
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }
}

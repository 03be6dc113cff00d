package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes at a steady rate, in turns to several databases, each a transaction of its own with a key
 * of its own; and after each COMMIT how long it takes until a snapshot of each edge holds that key.
 * A write that is late does not delay the time of the next one.
 */
final class LiveWrites implements AutoCloseable {
  private static final List<Node> EDGES = List.of(Node.EDGE1, Node.EDGE2);
  private static final int CONNECTIONS = 8;
  private static final String VALUE = "v".repeat(100);
  private static final long LOOK_AGAIN_NANOS = 1_000_000;
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(2);

  /**
   * When a write was sent to PostgreSQL and when its COMMIT had returned, in {@link
   * System#nanoTime()}.
   */
  private record Write(byte[] key, long sent, long committed) {}

  /**
   * How long a write took to one of the edges.
   *
   * @param database which of the databases
   * @param committed in {@link System#nanoTime()}
   * @param statementNanos what the write itself took
   * @param lagNanos from the return of COMMIT until a snapshot of the edge held it
   */
  record Sample(int database, long committed, long statementNanos, long lagNanos) {}

  /** The writes of one database that an edge has not shown yet, and those that it has. */
  private static final class Watch {
    private final int number;
    private final Database copy;
    private final Queue<Write> arriving = new ConcurrentLinkedQueue<>();
    private final Queue<Sample> samples = new ConcurrentLinkedQueue<>();

    Watch(int number, Database copy) {
      this.number = number;
      this.copy = copy;
    }
  }

  private final Tree tree;
  private final List<String> databases;
  private final int perSecond;
  private final List<Watch> watches = new ArrayList<>();
  private final List<Thread> writers = new ArrayList<>();
  private final List<Thread> watchers = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicBoolean writing = new AtomicBoolean(true);
  private final AtomicBoolean watching = new AtomicBoolean(true);
  private volatile String failure = "";
  private final long began = System.nanoTime();

  /** Starts it. */
  LiveWrites(Tree tree, List<String> databases, int perSecond) {
    this.tree = tree;
    this.databases = databases;
    this.perSecond = perSecond;
    for (Node edge : EDGES) {
      for (int i = 0; i < databases.size(); i++) {
        watches.add(new Watch(i, tree.open(edge, databases.get(i))));
      }
    }
    for (Watch watch : watches) {
      watchers.add(Thread.ofPlatform().start(() -> watch(watch)));
    }
    for (int i = 0; i < CONNECTIONS; i++) {
      writers.add(Thread.ofPlatform().start(this::write));
    }
  }

  private void write() {
    List<PreparedStatement> inserts = new ArrayList<>();
    try (Connection connection = tree.connect()) {
      for (String database : databases) {
        inserts.add(connection.prepareStatement("INSERT INTO " + database + " VALUES (?, ?)"));
      }
      while (writing.get()) {
        int number = next.getAndIncrement();
        long due = began + number * (TimeUnit.SECONDS.toNanos(1) / perSecond);
        while (due - System.nanoTime() > 0) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        int database = number % databases.size();
        // Among the keys that are loaded, and none of them.
        String key = "host%08d.other%d".formatted(number * 7919L % 1_000_000, number);
        PreparedStatement insert = inserts.get(database);
        insert.setString(1, key);
        insert.setString(2, VALUE);
        long sent = System.nanoTime();
        insert.executeUpdate();
        var write = new Write(key.getBytes(StandardCharsets.US_ASCII), sent, System.nanoTime());
        watches.stream()
            .filter(watch -> watch.number == database)
            .forEach(watch -> watch.arriving.add(write));
      }
    } catch (SQLException e) {
      failure = "a write failed: " + e;
    }
  }

  /** Takes writes in the order of their commits: one that shows after its successor is as late. */
  private void watch(Watch watch) {
    Deque<Write> waiting = new ArrayDeque<>();
    var buffer = new PairBuffer();
    try (Snapshot snapshot = watch.copy.snapshot()) {
      while (watching.get() || !waiting.isEmpty() || !watch.arriving.isEmpty()) {
        for (Write write = watch.arriving.poll(); write != null; write = watch.arriving.poll()) {
          waiting.add(write);
        }
        snapshot.renew();
        long now = System.nanoTime();
        while (!waiting.isEmpty()
            && snapshot.get(waiting.element().key(), waiting.element().key().length, buffer)) {
          Write shown = waiting.remove();
          watch.samples.add(
              new Sample(
                  watch.number,
                  shown.committed(),
                  shown.committed() - shown.sent(),
                  now - shown.committed()));
        }
        if (!waiting.isEmpty() && now - waiting.element().committed() > LONGEST_NANOS) {
          failure = "a write did not arrive within two minutes";
          return;
        }
        LockSupport.parkNanos(LOOK_AGAIN_NANOS);
      }
    }
  }

  /** How many writes were made to one of the databases. To be asked when they have ended. */
  long writes(int database) {
    return ((long) next.get() - database + databases.size() - 1) / databases.size();
  }

  /** One of the databases on each edge, as long as this is open. */
  List<Database> copies(int database) {
    return watches.stream()
        .filter(watch -> watch.number == database)
        .map(watch -> watch.copy)
        .toList();
  }

  /** The samples so far, one a write and edge. */
  List<Sample> samples() {
    return watches.stream().flatMap(watch -> watch.samples.stream()).toList();
  }

  /** Ends writing, and waits until all that was written shows on all edges. */
  void end() throws InterruptedException {
    writing.set(false);
    for (Thread writer : writers) {
      writer.join();
    }
    watching.set(false);
    for (Thread watcher : watchers) {
      watcher.join();
    }
    if (!failure.isEmpty()) {
      throw new AssertionError(failure);
    }
    if (samples().size() != next.get() * EDGES.size()) {
      throw new AssertionError(
          next.get() + " writes, and " + samples().size() + " times that one showed on an edge");
    }
  }

  @Override
  public void close() {
    writing.set(false);
    watching.set(false);
    try {
      for (Thread writer : writers) {
        writer.join();
      }
      for (Thread watcher : watchers) {
        watcher.join();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    watches.forEach(watch -> watch.copy.close());
  }
}

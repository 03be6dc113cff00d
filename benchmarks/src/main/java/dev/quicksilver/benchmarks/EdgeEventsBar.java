package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/**
 * {@code edge.events}: one change after the other in PostgreSQL, subscribers at {@code quicksilver
 * serve} on a replica's files, and the replica killed with SIGKILL and started again meanwhile.
 * Those that read the log have to see each change once, in order, whatever their connections do;
 * and so do those that use PSUBSCRIBE, since their connections stay. The time is that from the
 * commit at the edge, when a reader of the replica's files sees it, to its event; changes that came
 * while the replica was away or had just come back are left out. The last changes come one at a
 * time, with a pause before each; of those the time from PostgreSQL's COMMIT counts, too, since no
 * window of the root puts them together.
 */
final class EdgeEventsBar implements Bar {
  private static final String DATABASE = "kv";
  private static final String ROOT = "root";
  private static final String EDGE = "edge";
  private static final String SERVE = "serve";
  private static final double LIMIT_MS = 20;
  private static final long AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** From when to when the replica was away. */
  private record Absence(long from, long to) {}

  @Override
  public String name() {
    return "edge.events";
  }

  @Override
  public String description() {
    return "subscribers that continue at their sequence while the replica is killed; commit to"
        + " event";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int writes = settings.size(10_000, 1_000);
    int readers = settings.size(20, 5);
    int kills = settings.size(5, 2);
    try (Cluster cluster = Cluster.temporary(Processes.SERVICE);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      EmbeddedPostgres postgres = start(cluster);
      int alone = settings.size(50, 10);
      var writer = new EdgeEventsWriter(writes, alone);
      int port = cluster.port(SERVE, "resp");
      List<EdgeEventsSubscriber> subscribers = new ArrayList<>();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < readers; i++) {
        var subscriber = new EdgeEventsSubscriber(port, DATABASE, i, writes, settings.seed());
        subscribers.add(subscriber);
        running.add(
            threads.submit(
                () -> {
                  try (subscriber) {
                    subscriber.read();
                  }
                  return null;
                }));
      }
      List<Future<long[]>> listeners = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        RespSocket socket = new RespSocket(port);
        socket.call("PSUBSCRIBE", "quicksilver:" + DATABASE + ":*");
        listeners.add(threads.submit(() -> listen(socket, writer, writes)));
      }
      Future<long[]> visible = threads.submit(() -> watch(cluster, writes));
      var calm = new CountDownLatch(1);
      Future<?> writing =
          threads.submit(
              () -> {
                try (Connection connection = postgres.connect()) {
                  writer.write(connection, settings.seed(), calm);
                }
                return null;
              });
      List<Absence> absences = kill(cluster, writer, writes, kills, settings.seed(), writing);
      TimeUnit.NANOSECONDS.sleep(AFTER_NANOS);
      calm.countDown();
      writing.get(5, TimeUnit.MINUTES);
      for (Future<?> one : running) {
        one.get(2, TimeUnit.MINUTES);
      }
      for (EdgeEventsSubscriber subscriber : subscribers) {
        verify(subscriber, writer, writes);
      }
      System.out.printf(
          "%,d writes, %d kills: %d subscribers with %d connections saw each once, in order%n",
          writes,
          kills,
          readers,
          subscribers.stream().mapToInt(EdgeEventsSubscriber::connections).sum());
      List<long[]> pushed = new ArrayList<>();
      for (Future<long[]> one : listeners) {
        pushed.add(one.get(2, TimeUnit.MINUTES));
      }
      long[] seen = visible.get(2, TimeUnit.MINUTES);
      int[] counted =
          IntStream.range(0, writes)
              .filter(i -> absences.stream().noneMatch(a -> seen[i] > a.from && seen[i] < a.to))
              .toArray();
      List<long[]> read = subscribers.stream().map(EdgeEventsSubscriber::arrived).toList();
      double ofReaders = print("XREAD, from the commit at the edge", read, i -> seen[i], counted);
      double ofPushes =
          print("PSUBSCRIBE, from the commit at the edge", pushed, i -> seen[i], counted);
      print("XREAD, from PostgreSQL's COMMIT", read, writer::committed, counted);
      int[] last = IntStream.range(writes - alone, writes).toArray();
      double whole =
          print("XREAD, from a COMMIT with a pause before it", read, writer::committed, last);
      double atEdge = Math.max(ofReaders, ofPushes);
      return new Outcome(
          String.format(
              "%,d changes × %d subscribers, %d kills, each once in order; median %.1f ms from the"
                  + " commit at the edge, %.1f ms from a single COMMIT in PostgreSQL",
              writes, readers, kills, atEdge, whole),
          "each once in order, both < 20 ms",
          Math.max(atEdge, whole) < LIMIT_MS);
    }
  }

  private static EmbeddedPostgres start(Cluster cluster) throws Exception {
    EmbeddedPostgres postgres = cluster.embedPostgres();
    cluster.start(NodeSpec.root(ROOT));
    cluster.awaitHealthy(ROOT);
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT quicksilver.create_database('" + DATABASE + "')");
    }
    cluster.start(NodeSpec.replica(EDGE, ROOT));
    cluster.awaitHealthy(EDGE);
    cluster.start(NodeSpec.serve(SERVE, EDGE));
    cluster.awaitHealthy(SERVE);
    try (RespSocket socket = new RespSocket(cluster.port(SERVE, "resp"))) {
      cluster.await(
          "the empty database at the edge",
          () -> {
            try {
              return socket.call("XLEN", DATABASE + "_log").plain().equals("0");
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
    }
    return postgres;
  }

  private static List<Absence> kill(
      Cluster cluster, EdgeEventsWriter writer, int writes, int kills, long seed, Future<?> writing)
      throws Exception {
    var random = new Random(seed + 1);
    List<Absence> absences = new ArrayList<>();
    for (int kill = 1; kill <= kills; kill++) {
      while (writer.written() < (long) writes * kill / (kills + 1)) {
        if (writing.isDone()) {
          writing.get(); // it ends before only by failing
        }
        TimeUnit.MILLISECONDS.sleep(5);
      }
      long from = System.nanoTime();
      cluster.kill(EDGE);
      TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
      cluster.restart(EDGE);
      absences.add(new Absence(from, System.nanoTime() + AFTER_NANOS));
    }
    return absences;
  }

  /**
   * Notes when each sequence can be read at the edge: the moment of the last look that did not show
   * it, so that an event takes no longer than is said.
   */
  private static long[] watch(Cluster cluster, int writes) {
    long[] seen = new long[writes];
    var directory = new DatabaseDirectory(cluster.data(EDGE));
    try (Database database =
            Database.openReadOnly(
                directory.environment(DATABASE).orElseThrow(), StorageOptions.DEFAULT);
        Snapshot snapshot = database.snapshot()) {
      long before = System.nanoTime();
      for (int next = 0; next < writes; ) {
        long now = System.nanoTime();
        snapshot.renew();
        long last = snapshot.head().lastSequence();
        while (next < last) {
          seen[next++] = before;
        }
        before = now;
        LockSupport.parkNanos(200_000); // spinning would take a core from what is measured
      }
    }
    return seen;
  }

  /** Takes the events of one connection, which come in order; returns when each came. */
  private static long[] listen(RespSocket socket, EdgeEventsWriter writer, int writes)
      throws IOException {
    long[] arrived = new long[writes];
    try (socket) {
      for (int i = 0; i < writes; i++) {
        RespAnswer event = socket.read();
        arrived[i] = System.nanoTime();
        if (event.parts().size() != 4) {
          throw new AssertionError("no event: " + event.whole());
        }
        String said = event.parts().get(2).plain() + " " + event.parts().get(3).plain();
        EdgeEventsWriter.Change change = writer.change(i);
        String right =
            "quicksilver:"
                + DATABASE
                + ":"
                + change.key()
                + " "
                + (i + 1)
                + " "
                + change.operation();
        if (!said.equals(right)) {
          throw new AssertionError("event " + said + " came instead of " + right);
        }
      }
    }
    return arrived;
  }

  private static void verify(EdgeEventsSubscriber subscriber, EdgeEventsWriter writer, int writes) {
    for (int i = 0; i < writes; i++) {
      if (!subscriber.seen().get(i).equals(writer.change(i))) {
        throw new AssertionError(
            "sequence "
                + (i + 1)
                + " came as "
                + subscriber.seen().get(i)
                + " instead of "
                + writer.change(i));
      }
    }
  }

  /** Prints how long events took; returns the median in ms. */
  private static double print(
      String what, List<long[]> arrived, IntToLongFunction from, int[] counted) {
    long[] nanos =
        arrived.stream()
            .flatMapToLong(
                one ->
                    IntStream.of(counted).mapToLong(i -> Math.max(0, one[i] - from.applyAsLong(i))))
            .sorted()
            .toArray();
    double median = nanos[nanos.length / 2] / 1e6;
    System.out.printf(
        "%-44s median %7.2f ms, p90 %7.2f ms, max %8.1f ms (%,d events)%n",
        what,
        median,
        nanos[nanos.length * 9 / 10] / 1e6,
        nanos[nanos.length - 1] / 1e6,
        nanos.length);
    return median;
  }
}

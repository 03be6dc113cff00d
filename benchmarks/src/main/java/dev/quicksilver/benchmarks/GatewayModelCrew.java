package dev.quicksilver.benchmarks;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * All who write in {@code gateway.model}, each with a connection, a thread and random choices of
 * its own: what one does follows from the seed, how far it gets beside the others does not.
 */
final class GatewayModelCrew implements AutoCloseable {
  private static final int WRITERS = 3;

  /** One transaction. */
  private interface Work {
    void transaction() throws Exception;
  }

  private final Map<String, String> places = GatewayModelShared.places();
  private final Map<String, String> pairs;
  private final Connection alone;
  private final GatewayModelWriter writer;
  private final Map<String, GatewayModelClient> clients = new TreeMap<>();
  private final Map<GatewayModelClient, GatewayModelMix> writers = new LinkedHashMap<>();
  private final List<Work> definers = new ArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean failed;

  GatewayModelCrew(Tree tree, List<GatewayModelTable> own, long seed) throws SQLException {
    Random seeds = new Random(seed);
    alone = tree.connect();
    writer = new GatewayModelWriter(alone, own, new Random(seeds.nextLong()));
    List<GatewayModelShared> shared = GatewayModelShared.written();
    pairs = GatewayModelShared.pairs(shared);
    for (int i = 1; i <= WRITERS; i++) {
      GatewayModelClient client = client(tree, "writer " + i);
      writers.put(client, new GatewayModelMix(client, shared, new Random(seeds.nextLong())));
    }
    for (GatewayModelPartitions.Parted parted :
        List.of(GatewayModelPartitions.RANGES, GatewayModelPartitions.LISTS)) {
      definers.add(
          new GatewayModelPartitions(
                  client(tree, "partitions of " + parted.name()),
                  parted,
                  new Random(seeds.nextLong()))
              ::transaction);
    }
    definers.add(
        new GatewayModelDefinitions(
                client(tree, "definitions"), places, new Random(seeds.nextLong()))
            ::transaction);
  }

  private GatewayModelClient client(Tree tree, String name) throws SQLException {
    GatewayModelClient client = new GatewayModelClient(name, tree.connect(), places);
    clients.put(name, client);
    return client;
  }

  /** Returns where the tables are, by databases. */
  Map<String, String> places() {
    return places;
  }

  /** Returns the expressions of keys and values of the tables that are shared, by databases. */
  Map<String, String> pairs() {
    return pairs;
  }

  /** Returns how many row changes are committed. Nobody may be at work. */
  long changes() {
    return writer.changes()
        + clients.values().stream().mapToLong(GatewayModelClient::changes).sum();
  }

  /** Returns how often each kind of statement came, by who ran it. Nobody may be at work. */
  Map<String, Map<String, Integer>> kinds() {
    Map<String, Map<String, Integer>> kinds = new TreeMap<>();
    kinds.put("writer alone", writer.kinds());
    clients.forEach((name, client) -> kinds.put(name, client.kinds()));
    return kinds;
  }

  /**
   * Has all work, then stand still.
   *
   * @param changes how many are committed then at least, of all rounds together
   * @param definitions how many transactions each one runs who changes definitions; the others go
   *     on meanwhile
   */
  void run(long changes, int definitions) throws Exception {
    AtomicInteger defining = new AtomicInteger(definers.size());
    List<Future<?>> all = new ArrayList<>();
    for (Work definer : definers) {
      all.add(
          threads.submit(
              () -> {
                for (int i = 0; !failed && i < definitions; i++) {
                  attempt(definer);
                }
                defining.decrementAndGet();
                return true;
              }));
    }
    // Two fifths of the changes are of the writer that is alone, one fifth of each other.
    all.add(
        write(writer::transaction, () -> defining.get() > 0 || writer.changes() < changes * 2 / 5));
    writers.forEach(
        (client, mix) ->
            all.add(
                write(
                    mix::transaction, () -> defining.get() > 0 || client.changes() < changes / 5)));
    for (Future<?> each : all) {
      each.get();
    }
  }

  private Future<?> write(Work work, BooleanSupplier goesOn) {
    return threads.submit(
        () -> {
          while (!failed && goesOn.getAsBoolean()) {
            attempt(work);
          }
          return true;
        });
  }

  private void attempt(Work work) throws Exception {
    try {
      work.transaction();
    } catch (Throwable e) {
      failed = true;
      throw e;
    }
  }

  @Override
  public void close() throws SQLException {
    failed = true;
    threads.close();
    alone.close();
    for (GatewayModelClient client : clients.values()) {
      client.close();
    }
  }
}

package dev.quicksilver.benchmarks;

import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Refusal;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A node's process with short time-outs: the product's databases, server and replica, put together
 * as {@code quicksilver} does. A root writes what {@link FaultModel} says instead of reading
 * PostgreSQL: faults below it are not the gateway's matter, and a schedule starts in a second.
 *
 * <p>It prints its port, then answers lines: {@code stop} (a root writes no more) with its last
 * sequence, {@code status} with the state, refusal and sequence of the database it follows.
 */
final class FaultNode {
  private static final Duration WRITE_PAUSE = Duration.ofMillis(10);

  private FaultNode() {}

  /** Server options whose time-outs fit into a schedule of seconds. */
  static ServerOptions serverOptions() {
    return serverOptions(100);
  }

  static ServerOptions serverOptions(int maxConnections) {
    return serverOptions(maxConnections, Duration.ofSeconds(2));
  }

  static ServerOptions serverOptions(int maxConnections, Duration stall) {
    return new ServerOptions(maxConnections, Duration.ofSeconds(2), stall, Duration.ofMillis(200));
  }

  static ReplicationConfig config(NodeIdentity identity, List<Upstream> upstreams) {
    return config(identity, upstreams, Duration.ofMillis(200), Duration.ofSeconds(1));
  }

  static ReplicationConfig config(
      NodeIdentity identity, List<Upstream> upstreams, Duration longestPause, Duration silence) {
    ReplicationConfig usual = ReplicationConfig.of(identity, upstreams);
    return new ReplicationConfig(
        identity,
        upstreams,
        usual.catalogId(),
        Duration.ofMillis(50),
        usual.maxTransactionBytes(),
        silence,
        longestPause.dividedBy(10),
        longestPause,
        usual.stopSequences(),
        longestPause,
        usual.transport(),
        usual.choice(),
        usual.onDivergence(),
        false,
        usual.scrape());
  }

  /** Makes a catalog and the database in a new data directory. */
  static Database create(DatabaseSet set) {
    Optional<Database> known = set.get(FaultModel.IDENTITY.name());
    if (known.isPresent()) {
      return known.get();
    }
    SourceNode.createCatalog(set, FaultModel.IDENTITY);
    return set.create(FaultModel.IDENTITY);
  }

  /** {@code root NAME DATA PORT SEED FORK_AT} or {@code replica NAME DATA PORT UPSTREAM…}. */
  public static void main(String[] arguments) throws Exception {
    NodeIdentity identity = NodeIdentity.create(arguments[1], "here");
    Subtree subtree = new Subtree();
    try (DatabaseSet set = DatabaseSet.open(Path.of(arguments[2]), FaultModel.OPTIONS)) {
      boolean root = arguments[0].equals("root");
      if (root) {
        create(set);
      }
      try (ReplicationServer server =
          ReplicationServer.start(
              "127.0.0.1",
              Integer.parseInt(arguments[3]),
              set,
              identity,
              subtree,
              serverOptions())) {
        if (root) {
          FaultModel model =
              new FaultModel(Long.parseLong(arguments[4]), Long.parseLong(arguments[5]));
          root(create(set), model, server.port());
        } else {
          List<Upstream> upstreams =
              Arrays.stream(arguments)
                  .skip(4)
                  .map(port -> Upstream.primary("127.0.0.1", Integer.parseInt(port)))
                  .toList();
          try (Replica replica = Replica.start(config(identity, upstreams), set, subtree)) {
            replica(replica, server.port());
          }
        }
      }
    }
  }

  private static BufferedReader input() {
    return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
  }

  private static void root(Database database, FaultModel model, int port) throws Exception {
    CountDownLatch stop = new CountDownLatch(1);
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    do {
                      model.commit(database);
                    } while (!stop.await(WRITE_PAUSE.toNanos(), TimeUnit.NANOSECONDS));
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    System.out.println(port);
    BufferedReader in = input();
    while (in.readLine() != null) {
      stop.countDown();
      writer.join();
      System.out.println(database.head().lastSequence());
    }
    stop.countDown();
    writer.join();
  }

  private static void replica(Replica replica, int port) throws IOException {
    System.out.println(port);
    BufferedReader in = input();
    while (in.readLine() != null) {
      System.out.println(
          replica.status().stream()
              .filter(status -> status.database().equals(FaultModel.IDENTITY.name()))
              .map(
                  status ->
                      status.state()
                          + " "
                          + status.refusal().map(Refusal::code).map(Enum::name).orElse("-")
                          + " "
                          + status.reason())
              .findAny()
              .orElse("UNKNOWN - -"));
    }
  }
}

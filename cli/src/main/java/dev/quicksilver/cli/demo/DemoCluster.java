package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.ClusterException;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The processes: PostgreSQL, a root, a relay, two edges, and for each edge a bridge. Closing stops
 * all of them at once and waits until they are gone.
 */
final class DemoCluster implements AutoCloseable {
  /** Shortest time between two commits under load, at each hop. */
  static final Duration WINDOW = Duration.ofMillis(100);

  static final String BRIDGE_USER = "analyst";
  static final List<String> EDGES = List.of("edge_fra", "edge_sin");

  private static final String ROOT = "root";
  private static final String RELAY = "relay";
  private static final String WINDOW_TEXT = WINDOW.toMillis() + "ms";

  /** Seven JVMs at once are to fit on a small machine. */
  private static final int HEAP_MIB = 160;

  private final Cluster cluster;
  private final Lifecycle lifecycle;
  private final Console console;
  private final String bridgePassword;
  private final AtomicBoolean logsShown = new AtomicBoolean();
  private volatile boolean closed;

  DemoCluster(Path directory, Lifecycle lifecycle, Console console) throws IOException {
    this.cluster = Cluster.in(directory, ProcessOptions.heap(HEAP_MIB));
    this.lifecycle = lifecycle;
    this.console = console;
    byte[] random = new byte[12];
    new SecureRandom().nextBytes(random);
    this.bridgePassword = HexFormat.of().formatHex(random);
  }

  String bridgePassword() {
    return bridgePassword;
  }

  Path dataDirectory(String edge) {
    return cluster.data(edge);
  }

  /** Starts PostgreSQL. */
  CentralPostgres startPostgres() throws Exception {
    return step(
        "PostgreSQL 18, embedded",
        () -> {
          CentralPostgres postgres = cluster.startPostgres();
          watch(cluster.process(Cluster.POSTGRES));
          return postgres;
        });
  }

  /** Starts the root, and waits until it has the slot. */
  void startRoot() throws Exception {
    step(
        "root: sequences PostgreSQL's commits",
        () -> {
          launch(
              NodeSpec.root(ROOT)
                  .with(Settings.NODE_LOCATION, "ams")
                  .with(Settings.ROOT_WINDOW, WINDOW_TEXT));
          cluster.awaitReady(ROOT);
          return cluster.awaitHealthy(ROOT);
        });
  }

  /** Starts a relay below the root and two edges below the relay. */
  void startReplicas() throws Exception {
    step(
        "relay: follows the root",
        () -> {
          launchReplica(RELAY, "ams", ROOT);
          cluster.awaitReady(RELAY);
          return RELAY;
        });
    step(
        "two edges: follow the relay",
        () -> {
          for (String edge : EDGES) {
            launchReplica(edge, edge.substring("edge_".length()), RELAY);
          }
          for (String edge : EDGES) {
            cluster.awaitReady(edge);
          }
          return EDGES;
        });
  }

  private void launchReplica(String name, String location, String upstream) throws IOException {
    launch(
        NodeSpec.replica(name, upstream)
            .with(Settings.NODE_LOCATION, location)
            .with(Settings.REPLICATION_WINDOW, WINDOW_TEXT));
  }

  /** Starts a bridge beside each edge and returns their addresses in the order of the edges. */
  List<String> startBridges() throws Exception {
    return step(
        "two bridges: serve the edges to postgres_fdw",
        () -> {
          for (String edge : EDGES) {
            launch(
                NodeSpec.bridge(bridge(edge), edge)
                    .with(Settings.NODE_NAME, edge)
                    .with(Settings.BRIDGE_USER, BRIDGE_USER)
                    .with(Settings.BRIDGE_PASSWORD, bridgePassword));
          }
          for (String edge : EDGES) {
            cluster.awaitReady(bridge(edge));
          }
          return EDGES.stream().map(edge -> cluster.address(bridge(edge), "bridge")).toList();
        });
  }

  private static String bridge(String edge) {
    return "bridge-of-" + edge;
  }

  private void launch(NodeSpec spec) throws IOException {
    watch(cluster.launch(spec));
  }

  /** Runs a step, and shows the end of the logs when a process is to blame that it fails. */
  private <T> T step(String what, Callable<T> work) throws Exception {
    return console.step(
        what,
        () -> {
          try {
            return work.call();
          } catch (ClusterException e) {
            throw failure(e);
          }
        });
  }

  private CommandException failure(ClusterException e) {
    if (!closed && !logsShown.getAndSet(true)) {
      System.err.println(System.lineSeparator() + e.logs());
    }
    return new CommandException(ExitCode.FAILURE, "demo: " + e.problem());
  }

  /** Ends the demo when a process ends. */
  private void watch(ChildProcess process) {
    process.whenEnded(
        () ->
            // Ctrl-C in a terminal reaches it, too: leave it the time to reach this process.
            CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS)
                .execute(
                    () -> {
                      if (!closed) {
                        CommandException failure = failure(process.failure("has ended"));
                        lifecycle.fail(failure.exitCode(), String.valueOf(failure.getMessage()));
                      }
                    }));
  }

  @Override
  public void close() throws IOException {
    console.quieten();
    closed = true;
    cluster.close();
  }
}

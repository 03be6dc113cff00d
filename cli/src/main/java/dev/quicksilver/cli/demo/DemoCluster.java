package dev.quicksilver.cli.demo;

import dev.quicksilver.cli.command.BridgeCommand;
import dev.quicksilver.cli.command.PostgresCommand;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The processes: PostgreSQL, a root, a relay, two edges, and for each edge a bridge. Closing stops
 * all of them at once and waits until they are gone.
 */
final class DemoCluster implements AutoCloseable {
  /** Shortest time between two commits under load, at each hop. */
  static final Duration WINDOW = Duration.ofMillis(100);

  static final String BRIDGE_USER = "analyst";
  static final List<String> EDGES = List.of("edge_fra", "edge_sin");
  private static final String ANY_PORT = "127.0.0.1:0";

  private final Path directory;
  private final Lifecycle lifecycle;
  private final Console console;
  private final String bridgePassword;
  private final List<ChildProcess> children = new ArrayList<>();
  private boolean closed;

  DemoCluster(Path directory, Lifecycle lifecycle, Console console) {
    this.directory = directory;
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
    return directory.resolve(edge);
  }

  /** Starts PostgreSQL and returns its JDBC URL, with user and password. */
  Map<String, String> startPostgres() throws Exception {
    return console.step(
        "PostgreSQL 18, embedded",
        () ->
            start(
                    "postgres",
                    "postgres",
                    PostgresCommand.PROCESS_NAME,
                    Map.of(),
                    "postgres",
                    "--postgres-embedded-directory",
                    directory.resolve("postgresql").toString(),
                    "--postgres-embedded-port",
                    "0",
                    "--http-listen",
                    ANY_PORT)
                .awaitReady());
  }

  /** Starts the root, waits until it has the slot, and returns its addresses. */
  Map<String, String> startRoot(String jdbcUrl) throws Exception {
    return console.step(
        "root: sequences PostgreSQL's commits",
        () -> {
          Map<String, String> settings =
              Map.of(
                  "QUICKSILVER_POSTGRES_URL", jdbcUrl, "QUICKSILVER_POSTGRES_USER", user(jdbcUrl));
          ChildProcess root =
              start(
                  "root",
                  "root",
                  "node",
                  settings,
                  "root",
                  "--node-name",
                  "root",
                  "--node-location",
                  "ams",
                  "--replication-listen",
                  ANY_PORT,
                  "--root-window",
                  WINDOW.toMillis() + "ms");
          Map<String, String> addresses = root.awaitReady();
          root.awaitHealthy(address(addresses, "http"));
          return addresses;
        });
  }

  private static String user(String jdbcUrl) {
    return jdbcUrl.contains("user=")
        ? jdbcUrl.replaceAll(".*[?&]user=([^&]*).*", "$1")
        : "postgres";
  }

  /** Starts a relay below the root and two edges below the relay. */
  void startReplicas(String root) throws Exception {
    String relay =
        console.step(
            "relay: follows the root",
            () -> address(startReplica("relay", "ams", root).awaitReady(), "replication"));
    console.step(
        "two edges: follow the relay",
        () -> {
          List<ChildProcess> edges = new ArrayList<>();
          for (String edge : EDGES) {
            edges.add(startReplica(edge, edge.substring("edge_".length()), relay));
          }
          for (ChildProcess edge : edges) {
            edge.awaitReady();
          }
          return edges;
        });
  }

  private ChildProcess startReplica(String name, String location, String upstream)
      throws IOException {
    return start(
        name,
        name,
        "node",
        Map.of(),
        "replica",
        "--node-name",
        name,
        "--node-location",
        location,
        "--replication-listen",
        ANY_PORT,
        "--replication-upstreams",
        upstream,
        "--replication-window",
        WINDOW.toMillis() + "ms");
  }

  /** Starts a bridge beside each edge and returns their addresses in the order of the edges. */
  List<String> startBridges() throws Exception {
    return console.step(
        "two bridges: serve the edges to postgres_fdw",
        () -> {
          List<ChildProcess> bridges = new ArrayList<>();
          for (String edge : EDGES) {
            bridges.add(
                start(
                    "bridge of " + edge,
                    edge,
                    BridgeCommand.PROCESS_NAME,
                    Map.of("QUICKSILVER_BRIDGE_PASSWORD", bridgePassword),
                    "bridge",
                    "--node-name",
                    edge,
                    "--bridge-listen",
                    ANY_PORT,
                    "--bridge-user",
                    BRIDGE_USER));
          }
          List<String> addresses = new ArrayList<>();
          for (ChildProcess bridge : bridges) {
            addresses.add(address(bridge.awaitReady(), "bridge"));
          }
          return addresses;
        });
  }

  private static String address(Map<String, String> addresses, String what) {
    return Objects.requireNonNull(addresses.get(what), what);
  }

  private ChildProcess start(
      String name, String data, String fileName, Map<String, String> settings, String... arguments)
      throws IOException {
    Path logs = Files.createDirectories(directory.resolve("logs"));
    Path log = logs.resolve(name.replace(' ', '-') + ".log");
    synchronized (this) {
      if (closed) {
        throw new CommandException(ExitCode.FAILURE, "demo: stopped while it was starting");
      }
      ChildProcess child =
          ChildProcess.start(
              name, directory.resolve(data), fileName, log, settings, List.of(arguments));
      children.add(child);
      child.whenEnded(() -> ended(child));
      return child;
    }
  }

  private void ended(ChildProcess child) {
    // Ctrl-C in a terminal reaches the children too: leave it the time to reach this process.
    CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!isClosed()) {
                CommandException failure = child.failure("has ended");
                lifecycle.fail(failure.exitCode(), String.valueOf(failure.getMessage()));
              }
            });
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    console.quieten();
    List<ChildProcess> running;
    synchronized (this) {
      closed = true;
      running = List.copyOf(children);
    }
    // PostgreSQL last, so that the others do not fill their logs with its absence.
    for (ChildProcess child : running.reversed()) {
      if (child != running.getFirst()) {
        child.stop();
      }
    }
    running.reversed().forEach(ChildProcess::close);
  }
}

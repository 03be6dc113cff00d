package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * PostgreSQL, a root, a relay below it and two edges below the relay, each a real process with a
 * data directory of its own in one temporary folder. Everything is gone after {@link #close()}.
 */
final class Tree implements AutoCloseable {
  /** The nodes. */
  enum Node {
    ROOT,
    RELAY,
    EDGE1,
    EDGE2
  }

  private record NodePorts(int replication, int http) {}

  private final Path folder;
  private final EmbeddedPostgres postgres;
  private final boolean services;
  private final Map<Node, NodePorts> ports = new EnumMap<>(Node.class);
  private final Map<Node, ChildProcess> processes = new EnumMap<>(Node.class);

  private Tree(Path folder, EmbeddedPostgres postgres, boolean services) {
    this.folder = folder;
    this.postgres = postgres;
    this.services = services;
  }

  /** Starts all of it. */
  static Tree start() throws Exception {
    return start(false);
  }

  /** The same for what is timed: see {@link ChildProcess#startService}. */
  static Tree startServices() throws Exception {
    return start(true);
  }

  private static Tree start(boolean services) throws Exception {
    Path folder = Files.createTempDirectory("quicksilver-bench-");
    Tree tree =
        new Tree(
            folder,
            EmbeddedPostgres.builder().directory(folder.resolve("postgres")).start(),
            services);
    try {
      for (Node node : Node.values()) {
        tree.ports.put(node, new NodePorts(Ports.free(), Ports.free()));
      }
      for (Node node : Node.values()) {
        tree.launch(node);
        tree.process(node).awaitHealthy(tree.ports(node).http());
      }
    } catch (Exception | AssertionError e) {
      tree.close();
      throw e;
    }
    return tree;
  }

  /** Starts a node's process; does not wait until it is ready. */
  void launch(Node node) throws IOException {
    Path log = folder.resolve(node + ".log");
    processes.put(
        node,
        services
            ? ChildProcess.startService(log, arguments(node))
            : ChildProcess.start(log, arguments(node)));
  }

  /** Returns what a node's process is started with. */
  List<String> arguments(Node node) {
    NodePorts own = ports(node);
    List<String> arguments = new ArrayList<>();
    arguments.add(node == Node.ROOT ? "root" : "replica");
    arguments.add("--node-name=" + node.name().toLowerCase(java.util.Locale.ROOT));
    arguments.add("--data-directory=" + data(node));
    arguments.add("--replication-listen=127.0.0.1:" + own.replication());
    arguments.add("--http-listen=127.0.0.1:" + own.http());
    if (node == Node.ROOT) {
      arguments.add("--postgres-url=" + postgres.jdbcUrl());
      arguments.add("--postgres-user=" + postgres.user());
      arguments.add("--postgres-password=" + postgres.password());
    } else {
      Node upstream = node == Node.RELAY ? Node.ROOT : Node.RELAY;
      arguments.add("--replication-upstreams=127.0.0.1:" + ports(upstream).replication());
    }
    return arguments;
  }

  int replicationPort(Node node) {
    return ports(node).replication();
  }

  /** Kills a node with SIGKILL and starts it again. */
  void killAndRelaunch(Node node) throws Exception {
    process(node).kill();
    launch(node);
  }

  /** Returns the process of a node as it is now. */
  ChildProcess process(Node node) {
    return Objects.requireNonNull(processes.get(node));
  }

  private NodePorts ports(Node node) {
    return Objects.requireNonNull(ports.get(node));
  }

  Path data(Node node) {
    return folder.resolve(node.name());
  }

  Path folder() {
    return folder;
  }

  EmbeddedPostgres postgres() {
    return postgres;
  }

  Connection connect() throws SQLException {
    return postgres.connect();
  }

  /** Runs one statement. */
  void sql(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Waits until a node has a database, and opens it for reading. */
  Database open(Node node, String database) {
    DatabaseDirectory directory = new DatabaseDirectory(data(node));
    await(
        "database " + database + " on " + node, () -> directory.environment(database).isPresent());
    Optional<Path> environment = directory.environment(database);
    return Database.openReadOnly(environment.orElseThrow(), StorageOptions.DEFAULT);
  }

  /** Waits up to two minutes for a condition. */
  void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited two minutes for " + what + "; " + tails());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private String tails() {
    StringBuilder all = new StringBuilder();
    processes.forEach(
        (node, process) -> {
          List<String> lines = process.output().lines().toList();
          all.append('\n')
              .append(node)
              .append(process.isAlive() ? " (alive)" : " (dead)")
              .append('\n');
          lines
              .subList(Math.max(0, lines.size() - 8), lines.size())
              .forEach(line -> all.append("  ").append(line).append('\n'));
        });
    return all.toString();
  }

  @Override
  public void close() throws IOException {
    for (ChildProcess process : processes.values()) {
      process.close();
    }
    postgres.close();
    delete(folder);
  }

  /** Removes a folder with all that is in it. */
  static void delete(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}

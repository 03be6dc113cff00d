package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;

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
    EDGE2;

    /** The name in the cluster. */
    private String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    private NodeSpec spec() {
      return switch (this) {
        case ROOT -> NodeSpec.root(key());
        case RELAY -> NodeSpec.replica(key(), ROOT.key());
        case EDGE1, EDGE2 -> NodeSpec.replica(key(), RELAY.key());
      };
    }
  }

  private final Cluster cluster;
  private final EmbeddedPostgres postgres;

  private Tree(Cluster cluster, EmbeddedPostgres postgres) {
    this.cluster = cluster;
    this.postgres = postgres;
  }

  /** Starts all of it. */
  static Tree start() throws Exception {
    return start(Processes.OPTIONS);
  }

  /** The same for what is timed. */
  static Tree startServices() throws Exception {
    return start(Processes.SERVICE);
  }

  private static Tree start(ProcessOptions options) throws Exception {
    Cluster cluster = Cluster.temporary(options);
    try {
      Tree tree = new Tree(cluster, cluster.embedPostgres());
      for (Node node : Node.values()) {
        cluster.start(node.spec());
        cluster.awaitHealthy(node.key());
      }
      return tree;
    } catch (Exception | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  /** Starts a node's process again; does not wait until it is ready. */
  ChildProcess launch(Node node) throws IOException {
    return cluster.launch(node.spec());
  }

  int replicationPort(Node node) {
    return cluster.port(node.key(), "replication");
  }

  /** Kills a node with SIGKILL and starts it again. */
  void killAndRelaunch(Node node) throws IOException {
    process(node).kill();
    launch(node);
  }

  /** Returns the process of a node as it is now. */
  ChildProcess process(Node node) {
    return cluster.process(node.key());
  }

  Path data(Node node) {
    return cluster.data(node.key());
  }

  Path folder() {
    return cluster.folder();
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
    try {
      cluster.await(what, condition);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs a command of {@code quicksilver} to its end. */
  Ended run(List<String> words) throws IOException, InterruptedException {
    return cluster.run(words.toArray(String[]::new));
  }

  @Override
  public void close() throws IOException {
    cluster.close();
  }
}

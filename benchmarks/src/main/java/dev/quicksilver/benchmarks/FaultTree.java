package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.fixtures.FaultProxy;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A root, a relay and two edges, each a process ({@link FaultNode}) with a data directory of its
 * own. Each way up leads through a {@link FaultProxy}: relay to root, edges to relay, and the
 * second edge's other upstream, the root. For one thread.
 */
final class FaultTree implements AutoCloseable {
  /** Numbers of the nodes. */
  static final int ROOT = 0;

  static final int RELAY = 1;
  static final int EDGE = 2;
  static final int OTHER_EDGE = 3;

  /** A process, and where it listens. */
  private static final class Node {
    private final StorageChild process;
    private final int port;

    Node(StorageChild process) {
      this.process = process;
      String line = process.line();
      if (line == null) {
        throw new AssertionError("a node ended before it listened");
      }
      this.port = Integer.parseInt(line);
    }
  }

  private static final List<String> OPTIONS =
      List.of("-Xmx64m", "-Xshare:auto", "-Dlogback.configurationFile=quiet-logback.xml");
  private static final List<String> NAMES = List.of("root", "relay", "edge", "other-edge");

  private final Path folder;
  private final List<Node> nodes = new ArrayList<>();
  private final List<FaultProxy> proxies = new ArrayList<>();
  private final long seed;
  private long forkAt = Long.MAX_VALUE;

  FaultTree(Path folder, long seed) throws IOException {
    this.folder = folder;
    this.seed = seed;
    try {
      nodes.add(launch(ROOT));
      proxies.add(new FaultProxy(nodes.get(ROOT).port, seed));
      nodes.add(launch(RELAY));
      int relay = nodes.get(RELAY).port;
      proxies.add(new FaultProxy(relay, seed + 1));
      proxies.add(new FaultProxy(relay, seed + 2));
      proxies.add(new FaultProxy(nodes.get(ROOT).port, seed + 3));
      nodes.add(launch(EDGE));
      nodes.add(launch(OTHER_EDGE));
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  static int size() {
    return NAMES.size();
  }

  static String name(int node) {
    return NAMES.get(node);
  }

  /**
   * Returns the networks: the first below the root, the next two below the relay, then the rest.
   */
  List<FaultProxy> proxies() {
    return proxies;
  }

  /** Returns what the root writes. */
  FaultModel model() {
    return new FaultModel(seed, forkAt);
  }

  private Path data(int node) {
    return folder.resolve(name(node));
  }

  private Node launch(int node) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(node == ROOT ? "root" : "replica", name(node), data(node).toString(), "0"));
    switch (node) {
      case ROOT -> arguments.addAll(List.of(Long.toString(seed), Long.toString(forkAt)));
      case RELAY -> arguments.add(Integer.toString(proxies.get(0).port()));
      case EDGE -> arguments.add(Integer.toString(proxies.get(1).port()));
      default -> {
        arguments.add(Integer.toString(proxies.get(2).port()));
        arguments.add(Integer.toString(proxies.get(3).port()));
      }
    }
    return new Node(StorageChild.start(OPTIONS, FaultNode.class, arguments.toArray(String[]::new)));
  }

  /** Kills a node with SIGKILL; it stays down until {@link #start}. */
  void kill(int node) {
    nodes.get(node).process.close();
  }

  /** Starts a node again, which may then have another port. */
  void start(int node) throws IOException {
    Node fresh = launch(node);
    nodes.set(node, fresh);
    if (node == ROOT) {
      proxies.get(0).target(fresh.port);
      proxies.get(3).target(fresh.port);
    } else if (node == RELAY) {
      proxies.get(1).target(fresh.port);
      proxies.get(2).target(fresh.port);
    }
  }

  /** Copies the data directory of a node that is down. */
  void save(int node) throws Exception {
    copy(data(node), folder.resolve(name(node) + ".old"));
  }

  /** Puts the copy back into the place of what a node that is down has written since. */
  void restore(int node) throws Exception {
    copy(folder.resolve(name(node) + ".old"), data(node));
  }

  private static void copy(Path from, Path to) throws Exception {
    if (Files.exists(to)) {
      Folders.remove(to);
    }
    SystemPackages.run(List.of("cp", "-a", from.toString(), to.toString()));
  }

  /** From its next start on, the root goes on from its copy with other entries than before. */
  void fork() {
    forkAt = with(ROOT, snapshot -> snapshot.head().lastSequence());
  }

  /** Makes the root write no more; returns its last sequence. */
  long stopWriting() throws IOException {
    return Long.parseLong(ask(ROOT));
  }

  /** Returns a replica's state, refusal and reason, in a line. */
  String ask(int node) throws IOException {
    StorageChild process = nodes.get(node).process;
    process.go();
    String line = process.line();
    if (line == null) {
      throw new AssertionError(name(node) + " ended by itself");
    }
    return line;
  }

  /** Whether a node has the database yet. */
  boolean has(int node) {
    return environment(node).isPresent();
  }

  private Optional<Path> environment(int node) {
    return new DatabaseDirectory(data(node)).environment(FaultModel.IDENTITY.name());
  }

  /** Looks into a node's database from this process. */
  <T> T with(int node, Function<Snapshot, T> look) {
    Path environment =
        environment(node)
            .orElseThrow(() -> new AssertionError(name(node) + " has no database yet"));
    try (Database database = Database.openReadOnly(environment, FaultModel.OPTIONS);
        Snapshot snapshot = database.snapshot()) {
      return look.apply(snapshot);
    }
  }

  /** Waits up to a minute. */
  static void await(BooleanSupplier condition, Supplier<String> otherwise) {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within a minute: " + otherwise.get());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(20);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    nodes.forEach(node -> node.process.close());
    for (FaultProxy proxy : proxies) {
      proxy.close();
    }
  }
}

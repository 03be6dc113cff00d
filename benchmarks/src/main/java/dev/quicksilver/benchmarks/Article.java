package dev.quicksilver.benchmarks;

import dev.quicksilver.fixtures.FaultProxy;
import dev.quicksilver.fixtures.FaultProxy.BlockFault;
import dev.quicksilver.replication.DatabaseStatus;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Refusal;
import dev.quicksilver.replication.RefusalCode;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The failures that the article tells of Kyoto Tycoon, and those it feared for Quicksilver, one
 * method each. They throw an AssertionError if the failure is possible.
 */
final class Article {
  /** One failure. */
  interface Scenario {
    /** Tries to bring it about in an empty folder. */
    void run(Path folder) throws Exception;
  }

  /** A failure by name. */
  record Named(String name, Scenario scenario) {}

  /** All of them. */
  static final List<Named> SCENARIOS =
      List.of(
          new Named(
              "missed entries after garbage collection are detected, not skipped",
              Article::missedEntries),
          new Named("a killed follower resumes at its exact sequence", Article::killedFollower),
          new Named("old values never come back", Article::oldValues),
          new Named("an out-of-order entry is caught", folder -> tampered(folder, BlockFault.SWAP)),
          new Named("a lost entry is caught", folder -> tampered(folder, BlockFault.LOSE)),
          new Named("the loss of the last entry is caught", Article::lastEntryLost),
          new Named(
              "an entry delivered twice is caught",
              folder -> tampered(folder, BlockFault.DUPLICATE)),
          new Named("a wrong database is refused", Article::wrongDatabase),
          new Named("self-replication is refused", Article::itself),
          new Named("a week-old replica resynchronises from a secondary", Article::weekOldReplica));

  private static final String NAME = FaultModel.IDENTITY.name();
  private static final String HOST = "127.0.0.1";

  /** Keeps only the newest blocks. */
  private static final StorageOptions FORGETFUL =
      FaultModel.OPTIONS.withLog(Duration.ofDays(365_000), 1);

  private Article() {}

  private static void require(boolean right, Object otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }

  /** A node inside this process. */
  private static final class Node implements AutoCloseable {
    private final NodeIdentity identity;
    private final DatabaseSet set;
    private final Subtree subtree = new Subtree();
    private final ReplicationServer server;
    private Optional<Replica> replica = Optional.empty();

    Node(Path data, StorageOptions options) {
      identity = NodeIdentity.create(String.valueOf(data.getFileName()), "here");
      set = DatabaseSet.open(data, options);
      server = ReplicationServer.start(HOST, 0, set, identity, subtree, FaultNode.serverOptions());
    }

    Node follow(Upstream... upstreams) {
      ReplicationConfig config = FaultNode.config(identity, List.of(upstreams));
      replica = Optional.of(Replica.start(config, set, subtree));
      return this;
    }

    Database database() {
      return set.get(NAME).orElseThrow();
    }

    Upstream primary() {
      return Upstream.primary(HOST, server.port());
    }

    List<DatabaseStatus> status() {
      return replica.orElseThrow().status();
    }

    boolean refused(String database, RefusalCode code) {
      return status().stream()
          .filter(status -> status.database().equals(database))
          .anyMatch(status -> status.refusal().map(Refusal::code).filter(code::equals).isPresent());
    }

    void awaitEqual(Node other) {
      Head wanted = other.database().head();
      FaultTree.await(
          () ->
              set.get(NAME)
                  .map(Database::head)
                  .filter(
                      head ->
                          head.lastSequence() == wanted.lastSequence()
                              && head.chainHash().equals(wanted.chainHash())
                              && head.contentDigest().equals(wanted.contentDigest()))
                  .isPresent(),
          () -> identity.name() + " is not at " + wanted + ": " + status());
    }

    @Override
    public void close() {
      replica.ifPresent(Replica::close);
      server.close();
      set.close();
    }
  }

  /** A root with the database and so many transactions. */
  private static Node root(Path data, StorageOptions options, FaultModel model, int commits) {
    Node node = new Node(data, options);
    write(FaultNode.create(node.set), model, commits);
    return node;
  }

  private static void write(Database database, FaultModel model, int commits) {
    for (int i = 0; i < commits; i++) {
      model.commit(database);
    }
  }

  /** Down for days; what it needs is no longer in the upstream's log. */
  private static void missedEntries(Path folder) throws Exception {
    FaultModel model = FaultModel.of(1);
    long before;
    try (Node root = root(folder.resolve("root"), FORGETFUL, model, 1)) {
      try (Node edge = new Node(folder.resolve("edge"), FaultModel.OPTIONS)) {
        edge.follow(root.primary()).awaitEqual(root);
        before = edge.database().head().lastSequence();
      }
      write(root.database(), model, 20);
      require(root.database().head().oldestSequence() > before + 1, "nothing was collected");
      try (Node edge = new Node(folder.resolve("edge"), FaultModel.OPTIONS)) {
        edge.follow(root.primary());
        FaultTree.await(
            () ->
                edge.refused(NAME, RefusalCode.SNAPSHOT_NEEDED)
                    || edge.database().head().equals(root.database().head())
                    || edge.database()
                        .head()
                        .contentDigest()
                        .equals(root.database().head().contentDigest()),
            () -> "detection; " + edge.status());
        Head after = edge.database().head();
        require(
            after.lastSequence() == before
                || after.chainHash().equals(root.database().head().chainHash()),
            "the edge skipped to " + after);
      }
    }
  }

  /** SIGKILL, of a real process, under load and more than once. */
  private static void killedFollower(Path folder) throws Exception {
    try (FaultTree tree = new FaultTree(folder, 2)) {
      FaultTree.await(() -> tree.has(FaultTree.EDGE), () -> "the edge has the database");
      long before = 0;
      for (int i = 0; i < 5; i++) {
        long last = before;
        FaultTree.await(() -> sequence(tree, FaultTree.EDGE) > last, () -> "progress");
        tree.kill(FaultTree.EDGE);
        before = sequence(tree, FaultTree.EDGE);
        long first = before + 1;
        tree.start(FaultTree.EDGE);
        FaultTree.await(() -> sequence(tree, FaultTree.EDGE) >= first, () -> "entry " + first);
      }
      long end = tree.stopWriting();
      FaultTree.await(() -> sequence(tree, FaultTree.EDGE) == end, () -> "the end, " + end);
      // Each entry once, from 1 to the end: nothing skipped, nothing repeated.
      tree.with(
          FaultTree.EDGE,
          snapshot -> {
            tree.model().requireHolds("edge", snapshot);
            return true;
          });
    }
  }

  private static long sequence(FaultTree tree, int node) {
    return tree.with(node, snapshot -> snapshot.head().lastSequence());
  }

  /** One key counts up; a reader looks while the follower is killed and starts again. */
  private static void oldValues(Path folder) throws Exception {
    try (FaultTree tree = new FaultTree(folder, 3)) {
      FaultTree.await(() -> tree.has(FaultTree.EDGE), () -> "the edge has the database");
      long newest = 0;
      for (int kill = 0; kill < 4; kill++) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(400);
        while (System.nanoTime() < until) {
          newest = notOlder(tree, newest);
        }
        tree.kill(FaultTree.EDGE);
        newest = notOlder(tree, newest);
        tree.start(FaultTree.EDGE);
        newest = notOlder(tree, newest);
      }
      tree.stopWriting();
    }
  }

  /** Checks that the content is what the sequence says, and no older than what was seen before. */
  private static long notOlder(FaultTree tree, long newest) {
    return tree.with(
        FaultTree.EDGE,
        snapshot -> {
          long sequence = snapshot.head().lastSequence();
          require(sequence >= newest, "sequence " + sequence + " after " + newest);
          tree.model().requireHolds("edge", snapshot);
          return sequence;
        });
  }

  /** Nobody writes after it, so no later entry can give the loss away. */
  private static void lastEntryLost(Path folder) throws Exception {
    tampered(folder, BlockFault.LOSE, 1);
  }

  private static void tampered(Path folder, BlockFault fault) throws Exception {
    tampered(folder, fault, 10);
  }

  private static void tampered(Path folder, BlockFault fault, int commits) throws Exception {
    FaultModel model = FaultModel.of(4);
    try (Node root = root(folder.resolve("root"), FaultModel.OPTIONS, model, 5);
        FaultProxy proxy = new FaultProxy(root.server.port(), 4);
        Node edge = new Node(folder.resolve("edge"), FaultModel.OPTIONS)) {
      edge.follow(Upstream.primary(HOST, proxy.port())).awaitEqual(root);
      long connections = connections(edge);
      proxy.fault(fault);
      write(root.database(), model, commits);
      edge.awaitEqual(root);
      require(proxy.faults() == 1, "the fault did not happen");
      require(connections(edge) > connections, "the connection was not given up");
      try (Snapshot snapshot = edge.database().snapshot()) {
        model.requireHolds("edge", snapshot);
      }
    }
  }

  private static long connections(Node node) {
    return node.status().stream()
        .filter(status -> status.database().equals(NAME))
        .mapToLong(DatabaseStatus::connections)
        .sum();
  }

  /** A DNS database that is pointed at page rules. */
  private static void wrongDatabase(Path folder) {
    try (Node root = root(folder.resolve("root"), FaultModel.OPTIONS, FaultModel.of(5), 3);
        Node other = new Node(folder.resolve("other"), FaultModel.OPTIONS)) {
      Database catalog =
          other.set.create(
              new DatabaseIdentity(new UUID(9, 9), DatabaseSet.CATALOG, "text", "jsonb"));
      try (Appender appender = catalog.append()) {
        appender.begin(1, 1);
        appender.set("x".getBytes(StandardCharsets.UTF_8), "{}".getBytes(StandardCharsets.UTF_8));
        appender.end(new Position(1, 1, 1));
        appender.commit();
      }
      Head before = catalog.head();
      other.follow(root.primary());
      FaultTree.await(
          () -> other.refused(DatabaseSet.CATALOG, RefusalCode.WRONG_DATABASE),
          () -> "WRONG_DATABASE; " + other.status());
      require(catalog.head().equals(before), "the copy was changed");
      require(other.set.get(NAME).isEmpty(), "the other's database was taken");
    }
  }

  private static void itself(Path folder) {
    try (Node root = root(folder.resolve("root"), FaultModel.OPTIONS, FaultModel.of(6), 3)) {
      Head before = root.database().head();
      root.follow(root.primary());
      FaultTree.await(
          () ->
              root.refused(DatabaseSet.CATALOG, RefusalCode.SELF)
                  && root.status().getFirst().state() == FollowerState.REFUSED,
          () -> "SELF; " + root.status());
      require(root.database().head().equals(before), "it was changed");
    }
  }

  /** The primary's log no longer reaches back; the secondary's does. */
  private static void weekOldReplica(Path folder) {
    FaultModel model = FaultModel.of(7);
    try (Node primary = root(folder.resolve("primary"), FORGETFUL, model, 1);
        Node secondary = root(folder.resolve("secondary"), FaultModel.OPTIONS, model, 1)) {
      long before;
      try (Node edge = new Node(folder.resolve("edge"), FaultModel.OPTIONS)) {
        edge.follow(primary.primary()).awaitEqual(primary);
        before = edge.database().head().lastSequence();
      }
      write(primary.database(), model, 50);
      write(secondary.database(), model, 50);
      require(primary.database().head().oldestSequence() > before + 1, "nothing was collected");
      try (Node edge = new Node(folder.resolve("edge"), FaultModel.OPTIONS)) {
        edge.follow(primary.primary(), Upstream.secondary(HOST, secondary.server.port()));
        edge.awaitEqual(primary);
        try (Snapshot snapshot = edge.database().snapshot()) {
          model.requireHolds("edge", snapshot); // also that it has each entry it missed
        }
      }
    }
  }
}

package dev.quicksilver.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A node as a process would assemble it: databases, perhaps a server, perhaps a replica. */
final class TestNode implements AutoCloseable {
  /** The same for all nodes of a test run, so that equal changes give equal histories. */
  private static final long FIRST_COMMIT = System.currentTimeMillis() * 1000;

  static final UUID CATALOG_ID = new UUID(7, 7);

  /** Short pauses, and no timeout that a busy machine reaches. */
  private static final ServerOptions OPTIONS =
      new ServerOptions(
          ServerOptions.DEFAULT.maxConnections(), Await.LIMIT, Await.LIMIT, Duration.ofMillis(100));

  final DatabaseSet databases;
  final NodeIdentity identity;

  /** Added to what the clocks of this node say, in ns; a test steps them with it. */
  final AtomicLong skipped = new AtomicLong();

  final Subtree subtree =
      new Subtree(
          () -> System.nanoTime() + skipped.get(),
          () -> RootHeads.SYSTEM_CLOCK.getAsLong() + skipped.get() / 1000,
          Subtree.MAX_REPORTS);
  private @Nullable ReplicationServer server;
  private @Nullable Replica replica;
  private Transport transport = Transport.PLAIN;
  private long lsn = 1000;

  private TestNode(String name, Path data, StorageOptions options) {
    this(name, DatabaseSet.open(data, options));
  }

  private TestNode(String name, DatabaseSet databases) {
    this.databases = databases;
    this.identity = NodeIdentity.create(name, "test");
  }

  /** Opens a data directory; nothing runs yet. */
  static TestNode open(String name, Path data) {
    return new TestNode(name, data, StorageOptions.DEFAULT);
  }

  static TestNode open(String name, Path data, StorageOptions options) {
    return new TestNode(name, data, options);
  }

  /** Opens a data directory as a replica does. */
  static TestNode openUndamaged(String name, Path data) {
    return new TestNode(name, DatabaseSet.openUndamaged(data, StorageOptions.DEFAULT));
  }

  /** Opens a data directory with a catalog, as a root has, and serves it. */
  static TestNode root(String name, Path data) {
    return root(name, data, CATALOG_ID);
  }

  static TestNode root(String name, Path data, UUID catalogId) {
    return root(name, data, catalogId, StorageOptions.DEFAULT);
  }

  static TestNode root(String name, Path data, StorageOptions options) {
    return root(name, data, CATALOG_ID, options);
  }

  private static TestNode root(String name, Path data, UUID catalogId, StorageOptions options) {
    TestNode node = new TestNode(name, data, options);
    if (node.databases.get(CatalogPair.CATALOG).isEmpty()) {
      node.databases.create(new DatabaseIdentity(catalogId, CatalogPair.CATALOG, "text", "jsonb"));
    }
    return node.serve();
  }

  /** What it serves and follows with from now on. */
  TestNode over(Transport other) {
    transport = other;
    return this;
  }

  Transport transport() {
    return transport;
  }

  TestNode serve() {
    return serve(OPTIONS);
  }

  TestNode serve(ServerOptions options) {
    return serve(0, options);
  }

  /** Serves on a certain port, as after a restart. */
  TestNode serve(int port) {
    return serve(port, OPTIONS);
  }

  private TestNode serve(int port, ServerOptions options) {
    server =
        ReplicationServer.start(
            "127.0.0.1", port, databases, identity, subtree, options, transport);
    return this;
  }

  TestNode follow(int... ports) {
    return follow(config(ports));
  }

  TestNode follow(ReplicationConfig config) {
    replica = Replica.start(config, databases, subtree);
    return this;
  }

  /** A configuration with short pauses, in which no busy machine is taken for silence. */
  ReplicationConfig config(int... ports) {
    return config(Await.LIMIT, ports);
  }

  ReplicationConfig config(Duration silence, int... ports) {
    List<Upstream> upstreams =
        Arrays.stream(ports).mapToObj(port -> Upstream.primary("127.0.0.1", port)).toList();
    ReplicationConfig all = ReplicationConfig.of(identity, upstreams);
    return new ReplicationConfig(
        identity,
        upstreams,
        Optional.empty(),
        Duration.ofMillis(20),
        all.maxTransactionBytes(),
        silence,
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        all.stopSequences(),
        all.askAgain(),
        transport,
        all.choice(),
        all.onDivergence(),
        false,
        all.scrape());
  }

  int port() {
    return server().port();
  }

  ReplicationServer server() {
    ReplicationServer running = server;
    if (running == null) {
      throw new IllegalStateException("no server");
    }
    return running;
  }

  Replica replica() {
    Replica running = replica;
    if (running == null) {
      throw new IllegalStateException("no replica");
    }
    return running;
  }

  /** How a database is followed; waits until it is, since the catalog has to come first. */
  DatabaseStatus status(String name) {
    Await.until(() -> find(name).isPresent(), () -> replica().status());
    return find(name).orElseThrow();
  }

  private Optional<DatabaseStatus> find(String name) {
    return replica().status().stream().filter(status -> status.database().equals(name)).findFirst();
  }

  /** Waits until all upstreams have refused a database finally, and returns why. */
  String awaitRefused(String name) {
    return awaitStatus(name, status -> status.state() == FollowerState.REFUSED).reason();
  }

  /** Waits until a database is followed as it should be, and returns how. */
  DatabaseStatus awaitStatus(String name, Predicate<DatabaseStatus> wanted) {
    AtomicReference<DatabaseStatus> last = new AtomicReference<>();
    Await.until(
        () -> {
          last.set(status(name));
          return wanted.test(last.get());
        },
        () -> replica().status());
    return last.get();
  }

  Database database(String name) {
    return databases.get(name).orElseThrow();
  }

  /** What a node below says. */
  static NodeAck ack(String database, String node, long sequence, long said) {
    return new NodeAck(
        database, node, "test", "root", FollowerState.STREAMING, sequence, 0, 0, said);
  }

  /** What create_database and the gateway do. */
  Database create(String name, UUID id) {
    Database created = databases.create(new DatabaseIdentity(id, name, "text", "text"));
    String json =
        "{\"id\":\"" + id + "\",\"key_type\":\"text\",\"value_type\":\"text\",\"relation\":1}";
    commit(CatalogPair.CATALOG, a -> a.set(name.getBytes(UTF_8), json.getBytes(UTF_8)));
    return created;
  }

  void drop(String name) {
    commit(CatalogPair.CATALOG, a -> a.delete(name.getBytes(UTF_8)));
    databases.drop(name);
  }

  /** One PostgreSQL transaction, durable when it returns. */
  Head commit(String name, Consumer<Appender> change) {
    return commit(name, List.of(change));
  }

  /** Several PostgreSQL transactions in one durable commit. */
  Head commit(String name, List<Consumer<Appender>> changes) {
    try (Appender appender = database(name).append()) {
      for (Consumer<Appender> change : changes) {
        lsn += 10;
        appender.begin(lsn, FIRST_COMMIT + lsn);
        change.accept(appender);
        appender.end(new Position(1, 1, lsn + 5));
      }
      return appender.commit();
    }
  }

  static Consumer<Appender> set(String key, String value) {
    return a -> a.set(key.getBytes(UTF_8), value.getBytes(UTF_8));
  }

  void awaitSequence(String name, long sequence) {
    Await.until(
        () -> head(name).filter(head -> head.lastSequence() >= sequence).isPresent(),
        () -> head(name) + " and " + replica().status());
  }

  /** Waits until a database is exactly as at another node: history and content. */
  void awaitEqual(String name, TestNode other) {
    Head wanted = other.database(name).head();
    Await.until(
        () ->
            head(name)
                .filter(
                    head ->
                        head.lastSequence() == wanted.lastSequence()
                            && head.chainHash().equals(wanted.chainHash())
                            && head.contentDigest().equals(wanted.contentDigest())
                            && head.position().equals(wanted.position()))
                .isPresent(),
        () -> head(name) + " instead of " + wanted + "; " + replica().status());
  }

  /** Where a database stands; empty as well when it is dropped at this moment. */
  private Optional<Head> head(String name) {
    try {
      return databases.get(name).map(Database::head);
    } catch (StorageException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  void stopFollowing() {
    if (replica != null) {
      replica.close();
      replica = null;
    }
  }

  void stopServing() {
    if (server != null) {
      server.close();
      server = null;
    }
  }

  @Override
  public void close() {
    stopFollowing();
    stopServing();
    databases.close();
  }
}

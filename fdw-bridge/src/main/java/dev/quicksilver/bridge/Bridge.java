package dev.quicksilver.bridge;

import dev.quicksilver.bridge.ServedDatabases.Served;
import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.evaluate.Evaluator;
import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.StatementCache;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.bridge.wire.Transport;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the databases of a replica over the PostgreSQL wire protocol, read-only. Opens their
 * environments itself, so it belongs in a process that does not have them open already. Safe for
 * all threads.
 */
public final class Bridge implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);

  private final BridgeConfig config;
  private final Replica replica;
  private final ServerSocket listener;
  private final LongSupplier nanoClock;
  private final Counters counters = new Counters();
  private final Turns turns;
  private final AheadBudget ahead = AheadBudget.ofAll();
  private final StatementCache statements = new StatementCache(2 << 20);
  private final Thread acceptor = Thread.ofPlatform().name("bridge-accept").unstarted(this::accept);
  private final AtomicInteger lastId = new AtomicInteger();
  private final Map<Integer, Connection> connections = new ConcurrentHashMap<>();
  private final Map<Integer, Connection> ofEvaluator = new ConcurrentHashMap<>();
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final Evaluator evaluator;
  private final String serverVersion;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("bridge-session-", 1).factory());
  private final ScheduledExecutorService reaper =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("bridge-snapshots").factory());

  private Bridge(BridgeConfig config, ServerSocket listener, LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.config = config;
    this.listener = listener;
    this.replica = new Replica(config.dataDirectory(), config.storage(), nanoClock);
    this.turns = new Turns(config.maxConcurrentQueries());
    this.serverVersion = Evaluator.version(config.evaluator());
    this.evaluator =
        new Evaluator(config.evaluator(), config.maxConnections(), this::serveEvaluator, nanoClock);
  }

  /**
   * Starts to listen.
   *
   * @throws IOException if the port cannot be had, or an evaluator that is to start with the bridge
   *     cannot be started
   * @throws IllegalArgumentException if the host is not a loopback address
   */
  public static Bridge start(BridgeConfig config) throws IOException {
    return start(config, System::nanoTime);
  }

  /** Starts with a clock for the age of snapshots that a test can step. */
  static Bridge start(BridgeConfig config, LongSupplier nanoClock) throws IOException {
    InetAddress address = InetAddress.getByName(config.host());
    if (!address.isLoopbackAddress()) {
      throw new IllegalArgumentException(
          "the bridge listens on loopback only, not on "
              + config.host()
              + ", for it has no TLS: use 127.0.0.1, and a tunnel from other machines");
    }
    var listener = new ServerSocket();
    try {
      listener.setReuseAddress(true);
      listener.bind(new InetSocketAddress(address, config.port()), 256);
    } catch (IOException e) {
      listener.close();
      throw new IOException(
          "the bridge cannot listen on "
              + config.host()
              + ":"
              + config.port()
              + " ("
              + e.getMessage()
              + "): stop the program that uses the port, or choose another one",
          e);
    }
    Bridge bridge;
    try {
      bridge = new Bridge(config, listener, nanoClock);
    } catch (RuntimeException e) {
      listener.close();
      throw e;
    }
    if (config.evaluator().start() == EvaluatorConfig.Start.EAGER) {
      try {
        bridge.evaluator.start();
      } catch (IOException e) {
        bridge.close();
        throw new IOException("the evaluator is not available: " + e.getMessage(), e);
      }
    }
    bridge.acceptor.start();
    long period = Math.max(10, Math.min(1000, config.maxSnapshotAge().toMillis() / 4));
    var _ =
        bridge.reaper.scheduleWithFixedDelay(bridge::expire, period, period, TimeUnit.MILLISECONDS);
    return bridge;
  }

  /** The port that it listens on. */
  public int port() {
    return listener.getLocalPort();
  }

  /**
   * Shows a function the databases that are there now, and returns what it makes of them. They are
   * open at least until it is back.
   */
  public <T> T look(Function<ServedDatabases, T> function) {
    return replica.look(
        (open, unopened) ->
            function.apply(
                new ServedDatabases(
                    open.stream()
                        .map(one -> new Served(one.database(), one.withheld(), one.diverged()))
                        .toList(),
                    unopened)));
  }

  /** Counters up to now. */
  public BridgeStatus status() {
    Duration oldest =
        connections.values().stream()
            .flatMap(connection -> connection.session().reading().transaction().stream())
            .map(Transaction::age)
            .max(Duration::compareTo)
            .orElse(Duration.ZERO);
    return new BridgeStatus(
        connections.size(),
        counters.connections.sum(),
        counters.queries.sum(),
        counters.evaluated.sum(),
        counters.rows.sum(),
        counters.errors(),
        oldest,
        evaluator.isRunning());
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        take(socket, () -> Transport.of(socket), false);
      } catch (IOException e) {
        if (!listener.isClosed()) {
          LOG.warn("accepting a connection failed: {}", e.toString());
        }
      }
    }
  }

  private interface Opening {
    Transport open() throws IOException;
  }

  /**
   * Serves a client on a thread of its own; one for which there is no memory is turned away.
   *
   * @param evaluators whether it is one of the evaluator's own
   */
  private void take(Closeable socket, Opening opening, boolean evaluators) throws IOException {
    Map<Integer, Connection> among = evaluators ? ofEvaluator : connections;
    int id = lastId.incrementAndGet();
    try {
      var connection = new Connection(this, opening.open(), id, evaluators);
      if (!evaluators) {
        counters.connections.increment();
      }
      among.put(id, connection); // before its thread runs, so that close() sees it
      threads.execute(() -> serve(connection));
    } catch (OutOfMemoryError e) {
      among.remove(id);
      socket.close();
      LOG.error(
          "no memory for a connection{}: {}",
          evaluators ? " of the evaluator's" : "",
          e.toString());
    }
  }

  private void serve(Connection connection) {
    try {
      connection.run();
    } finally {
      connections.remove(connection.id());
      ofEvaluator.remove(connection.id());
      sessions.values().remove(connection.session());
    }
  }

  /** Serves a connection of the evaluator's postgres_fdw. */
  private void serveEvaluator(SocketChannel channel) throws IOException {
    take(channel, () -> Transport.of(channel), true);
  }

  /** Makes a session known to the evaluator's connections; returns the name to ask for it. */
  String register(Session session) {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String name = "quicksilver/" + HexFormat.of().formatHex(random);
    sessions.put(name, session);
    return name;
  }

  /** A session of the evaluator's that reads what the named one reads. */
  Session innerSession(String name, MessageWriter out, Client client) {
    Session outer = sessions.get(name);
    if (outer == null) {
      throw PgException.of(
          SqlState.INVALID_AUTHORIZATION, "there is no session that the evaluator works for");
    }
    return Session.inner(this, out, client, outer);
  }

  Evaluator evaluator() {
    return evaluator;
  }

  /** What clients are told about the version of PostgreSQL. */
  String serverVersion() {
    return serverVersion;
  }

  private void expire() {
    connections.values().forEach(Connection::expire);
    evaluator.stopIdle();
  }

  /** Refuses a client that is one too many. */
  void admit() {
    if (connections.size() > config.maxConnections()) {
      throw PgException.of(SqlState.TOO_MANY_CONNECTIONS, "sorry, too many clients already")
          .hint("The bridge allows " + config.maxConnections() + " connections.");
    }
  }

  void cancel(int id, byte[] secret) {
    Connection own = connections.get(id);
    Connection connection = own == null ? ofEvaluator.get(id) : own;
    if (connection != null) {
      connection.cancel(secret);
    }
  }

  /** The parser, which remembers. */
  StatementCache statements() {
    return statements;
  }

  /** What may be made for all sessions before it is asked for. */
  AheadBudget ahead() {
    return ahead;
  }

  /** Whose turn it is to have a statement evaluated. */
  Turns turns() {
    return turns;
  }

  /** A transaction that has not read anything yet. */
  Transaction newTransaction() {
    return new Transaction(replica, config.maxSnapshotAge(), nanoClock);
  }

  BridgeConfig config() {
    return config;
  }

  LongSupplier nanoClock() {
    return nanoClock;
  }

  Counters counters() {
    return counters;
  }

  /** Closes the listener and all connections, waits for them, and closes the databases. */
  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      LOG.debug("closing the listener: {}", e.toString());
    }
    reaper.shutdownNow();
    try {
      acceptor.join(); // then there is no connection that is not known
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.values().forEach(Connection::shut);
    evaluator.close();
    ofEvaluator.values().forEach(Connection::shut);
    threads.close();
    replica.close();
  }
}

package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.Freshness;
import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.evaluate.Evaluator;
import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.StatementCache;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.bridge.wire.Transport;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.edge.access.Users;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.Pulse;
import dev.quicksilver.tls.ServerTls;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** So many who have not proven who they are may be there beyond those who may be served. */
  private static final int STRANGERS = 200;

  private volatile BridgeConfig config;
  private final Replica replica;
  private final ServerSocket listener;
  private final LongSupplier nanoClock;
  private final Counters counters = new Counters();
  private final Turns turns;
  private final AheadBudget ahead = AheadBudget.ofAll();
  private final StatementCache statements = new StatementCache(2 << 20);
  private final Thread acceptor = Thread.ofPlatform().name("bridge-accept").unstarted(this::accept);
  private final AtomicInteger lastId = new AtomicInteger();
  private final AtomicInteger served = new AtomicInteger();
  private final Map<Integer, Connection> connections = new ConcurrentHashMap<>();
  private final Map<Integer, Connection> ofEvaluator = new ConcurrentHashMap<>();
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final Map<Rights, Evaluator> evaluators = new ConcurrentHashMap<>();
  private final Users users;
  private final Optional<ServerTls> tls;
  private final String serverVersion;
  private final Pulse pulse;
  private String usersVersion = "";
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("bridge-session-", 1).factory());
  private final ScheduledExecutorService reaper =
      Executors.newScheduledThreadPool(
          2, Thread.ofPlatform().daemon().name("bridge-reaper-", 1).factory());

  private Bridge(
      BridgeConfig config, ServerSocket listener, Optional<ServerTls> tls, LongSupplier nanoClock) {
    this.tls = tls;
    this.nanoClock = nanoClock;
    this.config = config;
    this.listener = listener;
    this.replica = new Replica(config.dataDirectory(), config.storage(), nanoClock);
    this.pulse = new Pulse(nanoClock);
    this.turns = new Turns(config.maxConcurrentQueries());
    this.serverVersion = Evaluator.version(config.evaluator());
    this.users = new Users(config.credentials(), config.catalogUsers(), replica.databases());
  }

  /**
   * Starts to listen.
   *
   * @throws IOException if the port cannot be had, or an evaluator that is to start with the bridge
   *     cannot be started
   * @throws IllegalArgumentException if the host is not a loopback address, and there is no TLS or
   *     anybody may connect
   * @throws dev.quicksilver.tls.TlsException if the certificate cannot be used
   */
  public static Bridge start(BridgeConfig config) throws IOException {
    return start(config, System::nanoTime);
  }

  /**
   * Starts on a socket that listens already, in the place of the configured host and port. The
   * bridge closes it, which ends nothing for other processes that hold it.
   *
   * @throws IOException if an evaluator that is to start with the bridge cannot be started
   * @throws IllegalArgumentException as in {@link #start(BridgeConfig)}, by the socket's address
   */
  public static Bridge start(BridgeConfig config, ServerSocket listener) throws IOException {
    return start(config, listener.getInetAddress(), () -> listener, System::nanoTime);
  }

  /** Starts with a clock for the age of snapshots that a test can step. */
  static Bridge start(BridgeConfig config, LongSupplier nanoClock) throws IOException {
    InetAddress address = InetAddress.getByName(config.host());
    return start(config, address, () -> bind(config, address), nanoClock);
  }

  private interface Listening {
    ServerSocket listen() throws IOException;
  }

  private static Bridge start(
      BridgeConfig config, InetAddress address, Listening listening, LongSupplier nanoClock)
      throws IOException {
    if (!address.isLoopbackAddress()) {
      requireSafe(config);
    }
    Optional<ServerTls> tls = config.tls().map(ServerTls::load);
    try {
      return serve(config, listening.listen(), tls, nanoClock);
    } catch (IOException | RuntimeException e) {
      tls.ifPresent(ServerTls::close);
      throw e;
    }
  }

  private static void requireSafe(BridgeConfig config) {
    String to = "to listen on " + config.host() + ", which other machines reach, ";
    if (config.tls().isEmpty()) {
      throw new IllegalArgumentException(
          to
              + "the bridge needs TLS: set bridge.tls-certificate and bridge.tls-key, or listen on"
              + " 127.0.0.1");
    }
    if (config.credentials().isEmpty() && !config.catalogUsers()) {
      throw new IllegalArgumentException(
          to
              + "the bridge needs users: set bridge.users = \"catalog\" and call"
              + " quicksilver.grant_read on the central PostgreSQL, or set bridge.password-file");
    }
  }

  private static ServerSocket bind(BridgeConfig config, InetAddress address) throws IOException {
    var listener = new ServerSocket();
    try {
      listener.setReuseAddress(true);
      listener.bind(new InetSocketAddress(address, config.port()), 256);
      return listener;
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
  }

  private static Bridge serve(
      BridgeConfig config, ServerSocket listener, Optional<ServerTls> tls, LongSupplier nanoClock)
      throws IOException {
    Bridge bridge;
    try {
      bridge = new Bridge(config, listener, tls, nanoClock);
    } catch (RuntimeException e) {
      listener.close();
      throw e;
    }
    if (config.evaluator().start() == EvaluatorConfig.Start.EAGER) {
      try {
        bridge.evaluator(Rights.ALL).start();
      } catch (IOException e) {
        bridge.close();
        throw new IOException("the evaluator is not available: " + e.getMessage(), e);
      }
    }
    bridge.acceptor.start();
    long period = Math.max(10, Math.min(1000, config.maxSnapshotAge().toMillis() / 20));
    var _ =
        bridge.reaper.scheduleWithFixedDelay(bridge::expire, period, period, TimeUnit.MILLISECONDS);
    var _ = // an evaluator that starts or stops keeps it waiting, and connections must not wait
        bridge.reaper.scheduleWithFixedDelay(
            bridge::stopIdle, period, period, TimeUnit.MILLISECONDS);
    return bridge;
  }

  /**
   * Takes the limits of another configuration: of connections, of statements at a time, of a
   * snapshot's age, and of evaluators. Who is connected stays, also beyond a lower limit; a
   * transaction that has begun keeps its limit, and an evaluator that runs does until no session
   * uses it.
   */
  public synchronized void takeLimits(BridgeConfig other) {
    BridgeConfig now = config.withLimitsOf(other);
    config = now;
    turns.atATime(now.maxConcurrentQueries());
  }

  /** The port that it listens on. */
  public int port() {
    return listener.getLocalPort();
  }

  /** Returns the databases that are there now; close it soon. */
  public FollowedDatabases.View look() {
    return replica.databases().viewNow();
  }

  /** For how long it has not looked after its connections, which it does each second. */
  public Duration silence() {
    return pulse.silence();
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
        counters.statements(),
        counters.rows.sum(),
        counters.errors(),
        oldest,
        evaluators.values().stream().anyMatch(Evaluator::isRunning),
        evaluators.values().stream().mapToLong(Evaluator::starts).sum(),
        turns.waiting());
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        makeRoom();
        try {
          take(socket, () -> Transport.of(socket), false);
        } catch (IOException e) {
          socket.close();
          throw e;
        }
      } catch (IOException | OutOfMemoryError e) {
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

  /**
   * What evaluates for those who have these rights. Each set of rights has an evaluator of its own:
   * its catalogs name the tables that may be read, and no others.
   */
  Evaluator evaluator(Rights rights) {
    return evaluators.computeIfAbsent(
        rights,
        ignored ->
            new Evaluator(
                () -> config.evaluator(),
                () -> config.maxConnections(),
                this::serveEvaluator,
                nanoClock));
  }

  Freshness freshness() {
    return replica.freshness();
  }

  Users users() {
    return users;
  }

  /** The certificate that clients are shown; empty if the bridge speaks plain text only. */
  public Optional<ServerTls> tls() {
    return tls;
  }

  /** What clients are told about the version of PostgreSQL. */
  String serverVersion() {
    return serverVersion;
  }

  private void expire() {
    pulse.beat();
    connections.values().forEach(connection -> goingOn(connection::expire));
    goingOn(this::requireRights);
  }

  private void requireRights() {
    String version = users.version();
    boolean changed = !version.equals(usersVersion);
    usersVersion = version;
    connections.values().forEach(connection -> goingOn(() -> connection.requireRights(changed)));
  }

  private void stopIdle() {
    evaluators.values().forEach(evaluator -> goingOn(evaluator::stopIdle));
  }

  /** Does what is done again and again, and would not be after an exception. */
  private static void goingOn(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | OutOfMemoryError e) {
      LOG.error("looking after connections failed, and is tried again", e);
    }
  }

  /**
   * Ends the connection that has longest not said who it is, if there are very many of that kind:
   * who connects in earnest is done in a moment.
   */
  private void makeRoom() {
    if (connections.size() >= config.maxConnections() + STRANGERS) {
      connections.values().stream()
          .filter(Connection::isStranger)
          .min(Comparator.comparingInt(Connection::id))
          .ifPresent(Connection::shut);
    }
  }

  /** Refuses a client that is one too many; who is let in has to {@link #leave}. */
  void admit() {
    if (served.incrementAndGet() > config.maxConnections()) {
      served.decrementAndGet();
      throw PgException.of(SqlState.TOO_MANY_CONNECTIONS, "sorry, too many clients already")
          .hint("The bridge allows " + config.maxConnections() + " connections.");
    }
  }

  /** A client that was let in is gone. */
  void leave() {
    served.decrementAndGet();
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
  Transaction newTransaction(Rights rights, ReplicaView.Judge judge) {
    return new Transaction(replica, rights, judge, config.maxSnapshotAge(), nanoClock);
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
    evaluators.values().forEach(Evaluator::close);
    ofEvaluator.values().forEach(Connection::shut);
    threads.close();
    evaluators.values().forEach(Evaluator::close); // one that a session has just asked for
    replica.close();
    tls.ifPresent(ServerTls::close);
  }
}

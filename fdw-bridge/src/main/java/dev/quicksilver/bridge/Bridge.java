package dev.quicksilver.bridge;

import dev.quicksilver.bridge.ServedDatabases.Served;
import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the databases of a replica over the PostgreSQL wire protocol, read-only. Opens their
 * environments itself, so it belongs in a process that does not have them open already. Safe for
 * all threads.
 */
public final class Bridge implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);
  private static final long WAIT_CHECK_MILLIS = 20;

  private final BridgeConfig config;
  private final Replica replica;
  private final ServerSocket listener;
  private final LongSupplier nanoClock;
  private final Counters counters = new Counters();
  private final Semaphore turns;
  private final Thread acceptor = Thread.ofPlatform().name("bridge-accept").unstarted(this::accept);
  private final AtomicInteger lastId = new AtomicInteger();
  private final Map<Integer, Connection> connections = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ScheduledExecutorService reaper =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("bridge-snapshots").factory());

  private Bridge(BridgeConfig config, ServerSocket listener, LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.config = config;
    this.listener = listener;
    this.replica = new Replica(config.dataDirectory(), config.storage());
    this.turns = new Semaphore(config.maxConcurrentQueries(), true);
  }

  /**
   * Starts to listen.
   *
   * @throws IOException if the port cannot be had
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
              + ": "
              + e.getMessage(),
          e);
    }
    var bridge = new Bridge(config, listener, nanoClock);
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
            .flatMap(connection -> connection.session().transaction().stream())
            .map(Transaction::age)
            .max(Duration::compareTo)
            .orElse(Duration.ZERO);
    return new BridgeStatus(
        connections.size(),
        counters.connections.sum(),
        counters.queries.sum(),
        counters.rows.sum(),
        counters.errors(),
        oldest);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        var connection = new Connection(this, socket, lastId.incrementAndGet());
        counters.connections.increment();
        connections.put(
            connection.id(), connection); // before its thread runs, so that close() sees it
        threads.execute(() -> serve(connection));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          LOG.warn("accepting a connection failed: {}", e.toString());
        }
      }
    }
  }

  private void serve(Connection connection) {
    try {
      connection.run();
    } finally {
      connections.remove(connection.id());
    }
  }

  private void expire() {
    connections.values().forEach(Connection::expire);
  }

  /** Refuses a client that is one too many. */
  void admit() {
    if (connections.size() > config.maxConnections()) {
      throw PgException.of(SqlState.TOO_MANY_CONNECTIONS, "sorry, too many clients already")
          .hint("The bridge allows " + config.maxConnections() + " connections.");
    }
  }

  void cancel(int id, byte[] secret) {
    Connection connection = connections.get(id);
    if (connection != null) {
      connection.cancel(secret);
    }
  }

  /**
   * Runs a piece of a query when it is its turn.
   *
   * @param interruption gives an error once the query must not wait any longer
   */
  long turn(Supplier<@Nullable PgException> interruption, LongSupplier work) {
    awaitTurn(interruption);
    try {
      return work.getAsLong();
    } finally {
      turns.release();
    }
  }

  private void awaitTurn(Supplier<@Nullable PgException> interruption) {
    try {
      while (!turns.tryAcquire(WAIT_CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
        PgException stop = interruption.get();
        if (stop != null) {
          throw stop;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw PgException.of(
          SqlState.QUERY_CANCELED, "canceling statement because the bridge is stopping", e);
    }
  }

  Replica replica() {
    return replica;
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
    threads.close();
    replica.close();
  }
}

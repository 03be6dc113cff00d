package dev.quicksilver.replication;

import dev.quicksilver.storage.DatabaseSet;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the logs of a set of databases to followers. Thread-safe. Each connection has a virtual
 * thread and bounded buffers of its own, and holds no LMDB snapshot between two blocks: a slow
 * follower costs the others nothing.
 */
public final class ReplicationServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicationServer.class);
  private static final long ACCEPT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Connections over the bound that are told so at the same time. */
  private static final int MOST_REFUSED = 256;

  private final ServerSocket listener;
  private final ServerParts parts;
  private final LogLimiter complaints = new LogLimiter(LOG, Ticker.SYSTEM);
  private final Set<FollowerSession> sessions = ConcurrentHashMap.newKeySet();
  private final ProblemWatch problems;
  private final Thread acceptor;
  private volatile boolean closed;

  /** Starts a server without followers of its own to report upwards (a root). */
  public static ReplicationServer start(
      String host, int port, DatabaseSet databases, NodeIdentity identity) {
    return start(host, port, databases, identity, new Subtree(), ServerOptions.DEFAULT);
  }

  /**
   * Starts a server.
   *
   * @param host a loopback address
   * @param port 0 for a free one
   * @param subtree where acks are written; give the same one to the process's {@link Replica}
   * @throws ReplicationException if the address is not loopback or the port is taken
   */
  public static ReplicationServer start(
      String host,
      int port,
      DatabaseSet databases,
      NodeIdentity identity,
      Subtree subtree,
      ServerOptions options) {
    return start(host, port, databases, identity, subtree, options, Transport.PLAIN);
  }

  /**
   * Starts a server.
   *
   * @param host a loopback address, or any with TLS
   * @throws ReplicationException if the address needs TLS or the port is taken
   */
  public static ReplicationServer start(
      String host,
      int port,
      DatabaseSet databases,
      NodeIdentity identity,
      Subtree subtree,
      ServerOptions options,
      Transport transport) {
    RootRole always = RootRole.of(RootRole.Standing.ACTIVE);
    return start(host, port, databases, identity, subtree, options, transport, always);
  }

  /**
   * Starts a server.
   *
   * @param host a loopback address, or any with TLS
   * @param role says when followers are served
   * @throws ReplicationException if the address needs TLS or the port is taken
   */
  public static ReplicationServer start(
      String host,
      int port,
      DatabaseSet databases,
      NodeIdentity identity,
      Subtree subtree,
      ServerOptions options,
      Transport transport,
      RootRole role) {
    return new ReplicationServer(
        listen(host, port, transport), databases, identity, subtree, options, transport, role);
  }

  /**
   * Opens the socket of a server.
   *
   * @param port 0 for any
   * @throws ReplicationException if the address needs TLS or the port is taken
   */
  public static ServerSocket listen(String host, int port, Transport transport) {
    InetSocketAddress address = transport.address(host, port, "the replication address");
    ServerSocket listener = null;
    try {
      listener = new ServerSocket();
      listener.setReuseAddress(true);
      listener.bind(address, 512);
      return listener;
    } catch (IOException e) {
      closeQuietly(listener);
      throw new ReplicationException(
          "cannot listen for followers on "
              + host
              + ":"
              + port
              + " ("
              + e.getMessage()
              + "); stop the program that uses the port, or choose another one",
          e);
    }
  }

  /**
   * Starts a server on a socket that listens already. The server closes it, which ends nothing for
   * other processes that hold it.
   *
   * @param role says when followers are served
   * @throws ReplicationException if its address needs TLS
   */
  public static ReplicationServer start(
      ServerSocket listener,
      DatabaseSet databases,
      NodeIdentity identity,
      Subtree subtree,
      ServerOptions options,
      Transport transport,
      RootRole role) {
    var _ =
        transport.address(
            listener.getInetAddress().getHostAddress(),
            listener.getLocalPort(),
            "the replication address");
    return new ReplicationServer(listener, databases, identity, subtree, options, transport, role);
  }

  private ReplicationServer(
      ServerSocket listener,
      DatabaseSet databases,
      NodeIdentity identity,
      Subtree subtree,
      ServerOptions options,
      Transport transport,
      RootRole role) {
    this.listener = listener;
    subtree.belongsTo(identity);
    this.parts =
        new ServerParts(
            databases,
            identity,
            role,
            subtree,
            options,
            transport,
            new StallGuard(options.stallTimeout(), Ticker.SYSTEM),
            new RecentBlocks.Shared(Ticker.SYSTEM),
            complaints,
            new CopyServer(databases, identity),
            new LongAdder());
    this.problems = new ProblemWatch(subtree, identity);
    problems.start();
    this.acceptor = Thread.ofVirtual().name("replication-accept").start(this::accept);
  }

  private void accept() {
    while (!closed) {
      try {
        Socket socket = listener.accept();
        if (sessions.size() >= MOST_REFUSED + parts.options().maxConnections()) {
          socket.close(); // a refusal costs a thread, buffers and with TLS a handshake
          complaints.warn("more connections than can even be refused: one was closed");
          continue;
        }
        FollowerSession session = new FollowerSession(socket, parts, sessions::remove);
        sessions.add(session);
        boolean busy = sessions.size() > parts.options().maxConnections();
        Thread.ofVirtual().name("replication-follower").start(() -> session.run(busy));
        if (closed) {
          session.close();
        }
      } catch (IOException | RuntimeException e) {
        if (!closed) {
          complaints.warn("a connection could not be accepted: " + e);
          LockSupport.parkNanos(ACCEPT_PAUSE_NANOS); // without file descriptors it fails at once
        }
      }
    }
  }

  /** Returns the port in use. */
  public int port() {
    return listener.getLocalPort();
  }

  /** Returns the nodes below this one. */
  public Subtree subtree() {
    return parts.subtree();
  }

  /**
   * What was sent to all followers since the start.
   *
   * @param bytes on the wire, within TLS; copies are among them
   * @param entries in blocks of the log
   */
  public record Traffic(long bytes, long entries) {}

  /** Returns what was sent up to now. */
  public Traffic traffic() {
    return new Traffic(parts.guard().writtenBytes(), parts.sentEntries().sum());
  }

  /** Closes the connections of followers that the transport does not let in any more. */
  public void judgeFollowers() {
    sessions.forEach(FollowerSession::judge);
  }

  /** Returns the connections that are being served, by database and node. */
  public List<FollowerStatus> followers() {
    return sessions.stream()
        .flatMap(session -> session.status().stream())
        .sorted(Comparator.comparing(FollowerStatus::database).thenComparing(FollowerStatus::node))
        .toList();
  }

  /** Stops listening and closes all connections; returns when their threads have ended. */
  @Override
  public void close() {
    closed = true;
    closeQuietly(listener);
    try {
      acceptor.join();
      for (FollowerSession session : List.copyOf(sessions)) {
        session.close();
        session.awaitEnd();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    parts.guard().close();
    problems.close();
  }

  private static void closeQuietly(@org.jspecify.annotations.Nullable ServerSocket socket) {
    try {
      if (socket != null) {
        socket.close();
      }
    } catch (IOException e) {
      LOG.debug("closing the listener failed", e);
    }
  }
}

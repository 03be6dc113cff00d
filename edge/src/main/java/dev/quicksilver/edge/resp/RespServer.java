package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Users;
import dev.quicksilver.edge.handover.Sockets;
import dev.quicksilver.edge.resp.Acceptor.Listener;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.tls.ServerTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A RESP server over the databases of a data directory, which another process writes. Safe for all
 * threads.
 */
public final class RespServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RespServer.class);
  private static final long COMMIT_LOOK_NANOS = 1_000_000;
  private static final long LOOK_NANOS = 100_000_000;
  private static final long RIGHTS_NANOS = 1_000_000_000;

  private final Shared shared;
  private final List<EventLoop> loops = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ExecutorService slow =
      Executors.newFixedThreadPool(1, Thread.ofPlatform().daemon().name("resp-slow").factory());
  private final CommitWatch commits;
  private final Optional<ServerTls> tls;
  private @Nullable Acceptor acceptor;
  private volatile @Nullable UnixListener unix;
  private volatile @Nullable Handover handover;
  private volatile boolean closed;

  private RespServer(RespConfig config) throws IOException {
    FollowedDatabases databases = new FollowedDatabases(config.dataDirectory(), config.storage());
    shared =
        new Shared(
            config,
            databases,
            new Users(config.credentials(), config.catalogUsers(), databases),
            slow);
    look(databases);
    for (int i = 0; i < config.threads(); i++) {
      loops.add(new EventLoop(shared, i + 1));
    }
    commits = new CommitWatch(databases, loops);
    tls = config.tls().map(ServerTls::load);
  }

  /**
   * Starts a server.
   *
   * @throws IOException if it cannot listen; the message says the cure
   * @throws IllegalArgumentException if what is configured is not safe
   */
  public static RespServer start(RespConfig config) throws IOException {
    return start(config, OpenListeners.NONE);
  }

  /**
   * Starts a server where it is listened already.
   *
   * @throws IOException if it cannot listen where it is not; the message says the cure
   * @throws IllegalArgumentException if what is configured is not safe at the open sockets' address
   */
  public static RespServer start(RespConfig config, OpenListeners open) throws IOException {
    return begin(
        config,
        open,
        (server, address) -> server.listen(server.listening(address, open, null), null));
  }

  /**
   * Starts a server that goes on with the listeners and clients of one in another process, which
   * {@linkplain #offer offers} them. None of them notices, but for those with TLS: they stay where
   * they are. What is prepared here takes its time before anything is taken.
   *
   * @param path where the other process offers them
   * @param open comes before the other process's listeners: it is the same sockets, if that process
   *     was given them, too
   * @throws IOException if the other process goes on instead; the message says why
   * @throws IllegalArgumentException if what is configured is not safe
   */
  public static RespServer takeOver(RespConfig config, Path path, OpenListeners open)
      throws IOException {
    return begin(
        config,
        open,
        (server, address) -> {
          try (Takeover taken = Takeover.begin(path, server.shared.users.anybody())) {
            server.requireServable(taken.databases());
            Listening at = server.listening(address, open, taken);
            taken.receiveClients();
            server.look(server.shared.databases); // nobody reads what is older than before
            server.listen(at, taken);
          }
        });
  }

  /**
   * Takes the limits of another configuration: of connections, of memory and of the age of what is
   * read. Who is connected stays, also beyond a lower limit, and keeps the age that held when it
   * came.
   */
  public synchronized void takeLimits(RespConfig other) {
    RespConfig now = shared.config.withLimitsOf(other);
    shared.config = now;
    shared.memory.most(now.maxMemory());
  }

  /**
   * Takes further numbered databases.
   *
   * @param names what 0, 1 and so on stand for from now on
   * @throws IllegalArgumentException if a number would stand for another database than before; then
   *     nothing has changed
   */
  public synchronized void takeNumbered(List<String> names) {
    shared.config = shared.config.withNumbered(names);
  }

  /** Gets a server its listeners and clients. */
  @FunctionalInterface
  private interface Beginning {
    void begin(RespServer server, InetAddress address) throws IOException;
  }

  private static RespServer begin(RespConfig config, OpenListeners open, Beginning beginning)
      throws IOException {
    InetAddress address =
        open.tcp().isPresent()
            ? open.tcp().get().socket().getInetAddress()
            : InetAddress.getByName(config.host());
    boolean users = config.credentials().isPresent() || config.catalogUsers();
    if (!address.isLoopbackAddress() && (config.tls().isEmpty() || !users)) {
      throw new IllegalArgumentException(
          config.host()
              + " is reached by other machines: that needs TLS and users; listen on 127.0.0.1, or"
              + " configure both");
    }
    RespServer server = new RespServer(config);
    try {
      server.loops.forEach(EventLoop::start);
      beginning.begin(server, address);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return server;
  }

  /** Refuses to take clients whose databases could not be read here. */
  private void requireServable(List<String> databases) throws IOException {
    look(shared.databases);
    try (FollowedDatabases.View view = shared.databases.viewNow()) {
      for (Map.Entry<String, StorageException> each : view.unopened().entrySet()) {
        throw new IOException(
            "database " + each.getKey() + " cannot be opened: " + each.getValue().getMessage());
      }
      for (String each : databases) {
        if (!view.databases().containsKey(each)) {
          throw new IOException("database " + each + " is not there for this process");
        }
      }
    }
  }

  /** What a server listens at. */
  private record Listening(List<Listener> all, Optional<UnixListener> unix) {}

  /** Returns what it listens at: what it takes over as far as that is the same. */
  private Listening listening(InetAddress address, OpenListeners open, @Nullable Takeover from)
      throws IOException {
    List<Listener> all = new ArrayList<>();
    Optional<UnixListener> local = Optional.empty();
    var wanted = new InetSocketAddress(address, shared.config.port());
    ServerSocketChannel tcp = open.tcp().isPresent() ? open.tcp().get() : tcp(wanted, from);
    shared.port = ((InetSocketAddress) tcp.getLocalAddress()).getPort();
    all.add(new Listener(Acceptor.TCP, tcp, tls.map(ServerTls::context), false));
    try {
      if (shared.config.unixSocket().isPresent()) {
        UnixListener listener = unix(shared.config.unixSocket().get(), open, from);
        local = Optional.of(listener);
        all.add(
            new Listener(Acceptor.UNIX, listener.channel(), Optional.empty(), listener.isLent()));
      }
      return new Listening(all, local);
    } catch (IOException e) {
      tcp.close();
      throw e;
    }
  }

  private static ServerSocketChannel tcp(InetSocketAddress wanted, @Nullable Takeover from)
      throws IOException {
    Optional<ServerSocketChannel> taken =
        from == null
            ? Optional.empty()
            : from.listener(Acceptor.TCP, address -> isWanted(address, wanted));
    if (taken.isPresent()) {
      return taken.get();
    }
    ServerSocketChannel fresh = ServerSocketChannel.open();
    try {
      fresh.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      return fresh.bind(wanted, UnixListener.BACKLOG);
    } catch (IOException e) {
      fresh.close();
      throw new IOException(
          "cannot listen on "
              + wanted.getHostString()
              + ":"
              + wanted.getPort()
              + ": "
              + e.getMessage()
              + "; choose another port, or stop what listens there",
          e);
    }
  }

  private static boolean isWanted(SocketAddress address, InetSocketAddress wanted) {
    return address instanceof InetSocketAddress at
        && (at.getAddress().equals(wanted.getAddress())
            || (at.getAddress().isAnyLocalAddress() && wanted.getAddress().isAnyLocalAddress()))
        && (wanted.getPort() == 0 || at.getPort() == wanted.getPort());
  }

  private static UnixListener unix(Path path, OpenListeners open, @Nullable Takeover from)
      throws IOException {
    if (open.unix().isPresent()) {
      return UnixListener.of(path, open.unix().get(), true);
    }
    Optional<ServerSocketChannel> taken =
        from == null || !Files.exists(path) // somebody may have removed it
            ? Optional.empty()
            : from.listener(Acceptor.UNIX, UnixDomainSocketAddress.of(path)::equals);
    if (from != null && taken.isPresent()) {
      return UnixListener.of(path, taken.get(), from.isLent(Acceptor.UNIX));
    }
    return UnixListener.bind(path);
  }

  private void listen(Listening at, @Nullable Takeover from) throws IOException {
    acceptor = new Acceptor(shared, loops, at.all);
    if (from != null) {
      from.commit(); // nothing that fails comes after it
      adopt(from);
    }
    unix = at.unix.orElse(null);
    acceptor.start();
    Thread watch = run("resp-commits", this::watch);
    shared.wakeWatch = () -> LockSupport.unpark(watch);
  }

  private void adopt(Takeover from) {
    shared.nextClient.set(from.common().number("next-client", 0));
    shared.cursors.adopt(from.common());
    List<MovedClient> clients = from.clients();
    shared.connections.addAndGet(clients.size());
    shared.connectionsTotal.add(clients.size());
    shared.judgeAgain.set(true); // their rights
    for (int i = 0; i < loops.size(); i++) {
      List<MovedClient> part = new ArrayList<>();
      for (int k = i; k < clients.size(); k += loops.size()) {
        part.add(clients.get(k));
      }
      loops.get(i).adopt(part);
    }
    clients.clear();
  }

  /**
   * Lets a process of the same user take this server's place, see {@link #takeOver}.
   *
   * @param path of the Unix socket where it asks
   * @param gone is run once, by another thread, when it has the listeners and all clients but those
   *     with TLS, who are served on
   * @throws IOException if this cannot be offered; the server is as good without
   */
  public void offer(Path path, Runnable gone) throws IOException {
    String obstacle = Sockets.obstacle();
    if (obstacle != null) {
      throw new IOException(obstacle);
    }
    handover =
        new Handover(
            path,
            shared,
            Objects.requireNonNull(acceptor),
            loops,
            kept -> {
              UnixListener mine = unix;
              if (mine != null) {
                unix = null;
                mine.close(!kept.contains(Acceptor.UNIX));
              }
              gone.run();
            });
    handover.start();
  }

  /** Waits until all clients have left, or for so long. */
  public void awaitClients(Duration most) throws InterruptedException {
    long until = System.nanoTime() + most.toNanos();
    while (shared.connections.get() > 0 && System.nanoTime() - until < 0) {
      Thread.sleep(100);
    }
  }

  private Thread run(String name, Runnable work) {
    Thread thread = Thread.ofPlatform().name(name).start(work);
    threads.add(thread);
    return thread;
  }

  private void look(FollowedDatabases databases) {
    Map<String, Following> said = shared.freshness.read();
    databases.viewNow().close();
    shared.freshness.publish(said);
  }

  /** Looks for commits, other generations, and rights that were taken away. */
  private void watch() {
    long look = System.nanoTime();
    long judge = look;
    String version = "";
    while (!closed) {
      LockSupport.parkNanos(commits.isWanted() ? COMMIT_LOOK_NANOS : LOOK_NANOS);
      try {
        long now = System.nanoTime();
        if (now - look >= LOOK_NANOS) {
          look = now;
          look(shared.databases);
        }
        commits.look();
        if (now - judge >= RIGHTS_NANOS) {
          judge = now;
          String current = shared.users.version();
          if (!current.equals(version) || shared.judgeAgain.getAndSet(false)) {
            version = current;
            loops.forEach(EventLoop::judgeRights);
          }
        }
      } catch (StorageException e) {
        LOG.warn("the databases could not be looked at: {}", e.getMessage());
      } catch (RuntimeException e) {
        LOG.error("looking at the databases failed; it is tried again", e);
      }
    }
  }

  /** Returns the TCP port that it listens on. */
  public int port() {
    return shared.port;
  }

  /** Returns the databases that are there now; close it soon. */
  public FollowedDatabases.View look() {
    return shared.databases.viewNow();
  }

  /** Returns the certificate in use, with TLS. */
  public Optional<ServerTls> tls() {
    return tls;
  }

  /** Returns for how long the slowest of its threads has not looked at its clients. */
  public Duration silence() {
    return Duration.ofNanos(loops.stream().mapToLong(EventLoop::silence).max().orElse(0));
  }

  /** Returns what was counted up to now. */
  public RespStatus status() {
    return new RespStatus(
        shared.connections.get(),
        shared.connectionsTotal.sum(),
        shared.refused.sum(),
        shared.commandsTotal(),
        shared.commandsByName(),
        shared.hits.sum(),
        shared.misses.sum(),
        shared.subscribers.get(),
        shared.events.sum(),
        shared.memory.used(),
        shared.errors());
  }

  /** Ends all connections. */
  @Override
  public void close() {
    Handover offered = handover;
    if (offered != null) {
      offered.close();
    }
    closed = true;
    loops.forEach(EventLoop::stop);
    threads.forEach(LockSupport::unpark);
    try {
      if (acceptor != null) {
        acceptor.close();
      }
      for (EventLoop loop : loops) {
        loop.awaitEnd();
      }
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    slow.shutdownNow();
    tls.ifPresent(ServerTls::close);
    UnixListener mine = unix;
    if (mine != null) {
      mine.close(true);
    }
    shared.databases.close();
  }
}

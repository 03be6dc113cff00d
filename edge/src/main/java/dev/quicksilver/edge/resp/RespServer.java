package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Users;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.tls.ServerTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A RESP server over the databases of a data directory, which another process writes. Safe for all
 * threads.
 */
public final class RespServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RespServer.class);
  private static final int BACKLOG = 1024;
  private static final long COMMIT_LOOK_NANOS = 1_000_000;
  private static final long LOOK_NANOS = 100_000_000;
  private static final long RIGHTS_NANOS = 1_000_000_000;
  private static final String CROWDED = "-ERR max number of clients reached\r\n";

  private final Shared shared;
  private final List<EventLoop> loops = new ArrayList<>();
  private final List<ServerSocketChannel> listeners = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ExecutorService slow =
      Executors.newFixedThreadPool(1, Thread.ofPlatform().daemon().name("resp-slow").factory());
  private final AtomicInteger nextLoop = new AtomicInteger();
  private final CommitWatch commits;
  private final Optional<ServerTls> tls;
  private @Nullable Object unixKey;
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
    InetAddress address = InetAddress.getByName(config.host());
    boolean users = config.credentials().isPresent() || config.catalogUsers();
    if (!address.isLoopbackAddress() && (config.tls().isEmpty() || !users)) {
      throw new IllegalArgumentException(
          config.host()
              + " is reached by other machines: that needs TLS and users; listen on 127.0.0.1, or"
              + " configure both");
    }
    RespServer server = new RespServer(config);
    try {
      server.listen(address);
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    return server;
  }

  private void listen(InetAddress address) throws IOException {
    loops.forEach(EventLoop::start);
    ServerSocketChannel tcp = ServerSocketChannel.open();
    listeners.add(tcp);
    tcp.setOption(StandardSocketOptions.SO_REUSEADDR, true);
    try {
      tcp.bind(new InetSocketAddress(address, shared.config.port()), BACKLOG);
    } catch (IOException e) {
      throw new IOException(
          "cannot listen on "
              + shared.config.host()
              + ":"
              + shared.config.port()
              + ": "
              + e.getMessage()
              + "; choose another port, or stop what listens there",
          e);
    }
    shared.port = ((InetSocketAddress) tcp.getLocalAddress()).getPort();
    Optional<SSLContext> secure = tls.map(ServerTls::context);
    run("resp-accept", () -> accept(tcp, secure));
    if (shared.config.unixSocket().isPresent()) {
      Path path = shared.config.unixSocket().get();
      ServerSocketChannel unix = bound(path);
      listeners.add(unix);
      unixKey = key(path);
      run("resp-accept-unix", () -> accept(unix, Optional.empty()));
    }
    Thread watch = run("resp-commits", this::watch);
    shared.wakeWatch = () -> LockSupport.unpark(watch);
  }

  /** Takes the place of a socket that nobody listens on, and of nothing else. */
  private static ServerSocketChannel bound(Path path) throws IOException {
    var address = UnixDomainSocketAddress.of(path);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isOther()) {
          throw new IOException("a file is there that is no socket: choose another path");
        }
        try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          other.connect(address);
          throw new IOException("another process listens there: stop it, or choose another path");
        } catch (java.net.ConnectException e) {
          Files.delete(path);
        }
      }
      channel.bind(address, BACKLOG);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + path + ": " + e.getMessage(), e);
    }
  }

  private Thread run(String name, Runnable work) {
    Thread thread = Thread.ofPlatform().name(name).start(work);
    threads.add(thread);
    return thread;
  }

  private void accept(ServerSocketChannel listener, Optional<SSLContext> secure) {
    while (!closed) {
      try {
        SocketChannel channel = listener.accept();
        shared.connectionsTotal.increment();
        boolean crowded = shared.connections.incrementAndGet() > shared.config.maxConnections();
        if (crowded || (secure.isPresent() && shared.memory.isFullOfRequests())) {
          shared.connections.decrementAndGet();
          shared.refused.increment();
          refuse(channel, secure.isPresent());
          continue;
        }
        if (channel.getRemoteAddress() instanceof InetSocketAddress) {
          channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
          channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        }
        loops
            .get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()))
            .serve(channel, String.valueOf(channel.getRemoteAddress()), secure);
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) { // too many files, for example
        LOG.warn("a client could not be accepted: {}", e.toString());
        LockSupport.parkNanos(LOOK_NANOS);
      }
    }
  }

  private static void refuse(SocketChannel channel, boolean secure) {
    try (channel) {
      if (secure) {
        return; // it would take it for a broken handshake
      }
      channel.configureBlocking(false);
      int ignored = channel.write(ByteBuffer.wrap(CROWDED.getBytes(StandardCharsets.US_ASCII)));
    } catch (IOException e) {
      LOG.debug("a client left at once", e);
    }
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

  /** Returns what was counted up to now. */
  public RespStatus status() {
    return new RespStatus(
        shared.connections.get(),
        shared.connectionsTotal.sum(),
        shared.refused.sum(),
        shared.commands.sum(),
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
    closed = true;
    for (ServerSocketChannel listener : listeners) {
      try {
        listener.close();
      } catch (IOException e) {
        LOG.debug("a listener could not be closed", e);
      }
    }
    loops.forEach(EventLoop::stop);
    threads.forEach(LockSupport::unpark);
    try {
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
    shared.config.unixSocket().ifPresent(this::removeSocket);
    shared.databases.close();
  }

  /** Removes the socket that this server has made, if another has not taken its place. */
  private void removeSocket(Path path) {
    try {
      if (unixKey != null && unixKey.equals(key(path))) {
        Files.delete(path);
      }
    } catch (IOException e) {
      LOG.debug("the socket stays", e);
    }
  }

  private static @Nullable Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }
}

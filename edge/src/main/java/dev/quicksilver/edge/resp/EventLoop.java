package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.edge.handover.HandoverChannel;
import dev.quicksilver.edge.handover.Message;
import dev.quicksilver.edge.handover.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One thread with the clients that it serves. Other threads reach it by {@link #execute}. */
final class EventLoop implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);
  private static final int BUFFER = 64 << 10;
  private static final String[] VERSIONS = {"TLSv1.3", "TLSv1.2"};

  /** How often deadlines are looked at, in ms. */
  private static final long TICK = 100;

  /** How long snapshots are kept that nobody reads, in ms. */
  private static final long IDLE = 20;

  /** A client that takes nothing of its replies for so long is closed. */
  private static final long STUCK = TimeUnit.SECONDS.toNanos(30);

  /** A client has so long to say who it is. */
  private static final long UNKNOWN = TimeUnit.SECONDS.toMillis(30);

  private final Shared shared;
  private final Selector selector;
  private final LoopDatabases databases;
  private final Subscribers subscribers = new Subscribers();
  private final Call call;
  private final RequestParser parser = new RequestParser();
  private final byte[] readBuffer = new byte[BUFFER];
  private final ByteBuffer socketBuffer = ByteBuffer.allocateDirect(BUFFER);
  private final Set<Connection> connections = new LinkedHashSet<>();
  private final Set<Connection> waiting = new LinkedHashSet<>();
  private final Set<Connection> retrying = new LinkedHashSet<>();
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Set<String> committed = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean waits;
  private volatile boolean stopping;
  private volatile long turnAt = System.nanoTime();
  private long lastTick = System.nanoTime();

  EventLoop(Shared shared, int number) throws IOException {
    this.shared = shared;
    this.selector = Selector.open();
    this.databases =
        new LoopDatabases(shared.databases, shared.freshness, () -> shared.config.numbered());
    this.call = new Call(shared, databases, subscribers);
    this.thread = Thread.ofPlatform().name("resp-" + number).unstarted(this);
  }

  void start() {
    thread.start();
  }

  // ---- what its connections use

  RequestParser parser() {
    return parser;
  }

  byte[] readBuffer() {
    return readBuffer;
  }

  Memory memory() {
    return shared.memory;
  }

  void waits(Connection connection) {
    waiting.add(connection);
    waits = true;
    shared.wakeWatch.run();
    wake(connection); // a commit may have come since it looked, when nobody was told of commits
  }

  void retryLater(Connection connection) {
    retrying.add(connection);
  }

  void left(Connection connection) {
    connections.remove(connection);
    waiting.remove(connection);
    retrying.remove(connection);
    if (connection.session.subscriptions() > 0) {
      subscribers.remove(connection);
      shared.subscribers.decrementAndGet();
    }
    shared.connections.decrementAndGet();
  }

  // ---- what other threads use

  /** Runs something on its thread, soon. */
  void execute(Runnable task) {
    tasks.add(task);
    selector.wakeup();
  }

  /** Takes a client over; the channel is its own from now on. */
  void serve(SocketChannel channel, String address, Optional<SSLContext> tls) {
    execute(() -> accept(channel, address, tls));
  }

  /** Looks soon whether a client need not wait any more. */
  void wake(Connection connection) {
    execute(
        () -> {
          databases.renew();
          poll(connection);
        });
  }

  /** Tells soon of all that was not told yet: for who has just subscribed. */
  void tellSoon(Session session) {
    databases.names(session).forEach(this::committed);
  }

  /** Whether commits are of interest to a client of it. */
  boolean watches() {
    return waits || subscribers.any();
  }

  /** Tells of a commit. */
  void committed(String database) {
    if (committed.add(database)) {
      selector.wakeup();
    }
  }

  /** Closes each connection whose user has lost rights. */
  void judgeRights() {
    execute(
        () -> {
          List.copyOf(connections).forEach(this::judge);
        });
  }

  private void judge(Connection connection) {
    Session session = connection.session;
    if (session.user.isPresent()) {
      switch (shared.users.standing(session.user.get(), session.rights)) {
        case LOST -> connection.close();
        case UNKNOWN -> shared.judgeAgain.set(true);
        case KEPT -> {}
      }
    }
  }

  /** For how long it has not looked at its clients, in ns; it does ten times a second. */
  long silence() {
    return System.nanoTime() - turnAt;
  }

  void stop() {
    stopping = true;
    selector.wakeup();
  }

  void awaitEnd() throws InterruptedException {
    thread.join();
  }

  // ---- clients that go to another process, and come from one

  /**
   * Does nothing until it is decided whether another process has its clients from now on; that gets
   * all that it can go on with.
   *
   * @return when they have been sent, how many they are
   */
  CompletableFuture<Integer> halt(HandoverChannel to, CompletableFuture<Boolean> given) {
    var sent = new CompletableFuture<Integer>();
    execute(() -> give(to, given, sent));
    return sent;
  }

  private void give(
      HandoverChannel to, CompletableFuture<Boolean> given, CompletableFuture<Integer> sent) {
    Map<Connection, SocketChannel> moving = new LinkedHashMap<>();
    for (Connection connection : connections) {
      connection.movable().ifPresent(channel -> moving.put(connection, channel));
    }
    try {
      for (Map.Entry<Connection, SocketChannel> each : moving.entrySet()) {
        if (given.isDone()) {
          throw new IOException("it was given up meanwhile");
        }
        Message message = each.getKey().describe();
        SocketChannel channel = each.getValue();
        boolean unix = channel.getLocalAddress() instanceof UnixDomainSocketAddress;
        message.with(MovedClient.UNIX, unix ? 1 : 0);
        if (each.getKey().session.subscriptions() > 0) {
          subscribers.describe(each.getKey().session, message);
        }
        to.send(message, channel);
      }
      sent.complete(moving.size());
    } catch (IOException | RuntimeException e) {
      sent.completeExceptionally(e);
    }
    if (given.join()) {
      moving.keySet().forEach(Connection::letGo);
      try {
        // Closing what a selector still has would end the connection for the other process, too.
        int ignored = selector.selectNow(this::ready);
      } catch (IOException e) {
        LOG.debug("a selector failed", e);
      }
      moving.values().forEach(EventLoop::close);
    }
  }

  /** Goes on with clients of another process; their sockets are its own from now on. */
  void adopt(List<MovedClient> clients) {
    execute(
        () -> {
          // All are here before the first of them is told of something or asks for it.
          Map<Connection, MovedClient> here = new LinkedHashMap<>();
          clients.forEach(client -> add(client).ifPresent(added -> here.put(added, client)));
          clients.clear(); // so that what is adopted is in memory once
          databases.renew();
          for (Iterator<Map.Entry<Connection, MovedClient>> next = here.entrySet().iterator();
              next.hasNext(); ) {
            Map.Entry<Connection, MovedClient> one = next.next();
            next.remove();
            judge(one.getKey());
            attempt(one.getKey(), (connection, with) -> connection.adopt(with, one.getValue()));
          }
        });
  }

  private Optional<Connection> add(MovedClient client) {
    SocketChannel channel;
    try {
      channel = Sockets.client(client.descriptor(), client.isUnix());
    } catch (IOException e) {
      LOG.error("a client could not be taken over", e);
      HandoverChannel.discard(List.of(client.descriptor()));
      shared.connections.decrementAndGet();
      return Optional.empty();
    }
    try {
      Session session = client.session();
      Connection connection = add(channel, session, Optional.empty());
      if (session.subscriptions() > 0) {
        subscribers.adopt(connection, client.told());
        shared.subscribers.incrementAndGet();
        shared.wakeWatch.run();
        tellSoon(session);
      }
      return Optional.of(connection);
    } catch (IOException | RuntimeException e) {
      LOG.error("a client could not be taken over", e);
      left(channel, e);
      return Optional.empty();
    }
  }

  // ---- its thread

  private void accept(SocketChannel channel, String address, Optional<SSLContext> tls) {
    try {
      var session =
          new Session(shared.nextClient.incrementAndGet(), address, System.currentTimeMillis());
      session.mostAge = shared.config.mostAge().toMillis();
      if (shared.users.anybody()) {
        session.admit(Optional.empty(), Rights.ALL);
      }
      var _ = add(channel, session, tls);
    } catch (IOException e) {
      left(channel, e);
    }
  }

  private Connection add(SocketChannel channel, Session session, Optional<SSLContext> tls)
      throws IOException {
    channel.configureBlocking(false);
    SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
    var connection =
        tls.map(context -> secure(channel, context, key, session))
            .orElseGet(
                () -> new Connection(this, new PlainWire(channel, socketBuffer), key, session));
    key.attach(connection);
    connections.add(connection);
    return connection;
  }

  private void left(SocketChannel channel, Exception why) {
    LOG.debug("a client left at once", why);
    shared.connections.decrementAndGet();
    close(channel);
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a socket could not be closed", e);
    }
  }

  private Connection secure(
      SocketChannel channel, SSLContext context, SelectionKey key, Session session) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setEnabledProtocols(VERSIONS);
    var ready = new AtomicReference<@Nullable Runnable>();
    var wire =
        new TlsWire(
            channel,
            engine,
            shared.slow,
            () -> execute(() -> Objects.requireNonNull(ready.get()).run()));
    var connection = new Connection(this, wire, key, session);
    ready.set(() -> attempt(connection, (one, with) -> one.resumeTls(with, wire)));
    return connection;
  }

  @Override
  public void run() {
    try {
      while (!stopping) {
        int ready = selector.select(this::ready, databases.isHolding() ? IDLE : TICK);
        afterwards(ready);
      }
    } catch (IOException e) {
      LOG.error("a loop of the RESP server has ended", e);
    } finally {
      List.copyOf(connections).forEach(Connection::close);
      databases.close();
      try {
        selector.close();
      } catch (IOException e) {
        LOG.debug("a selector could not be closed", e);
      }
    }
  }

  private void ready(SelectionKey key) {
    if (key.attachment() instanceof Connection connection) {
      attempt(connection, Connection::ready);
    }
  }

  private void afterwards(int ready) {
    Runnable task = tasks.poll();
    while (task != null) {
      guarded(task);
      task = tasks.poll();
    }
    if (!committed.isEmpty()) {
      guarded(this::tellCommits);
    }
    long now = System.nanoTime();
    turnAt = now;
    if (now - lastTick >= TimeUnit.MILLISECONDS.toNanos(TICK) || !retrying.isEmpty()) {
      if (now - lastTick >= TimeUnit.MILLISECONDS.toNanos(TICK)) {
        lastTick = now;
        databases.letGoUnread();
      }
      tick(now);
    } else if (ready == 0 && tasks.isEmpty() && committed.isEmpty()) {
      databases.letGo();
    }
    for (Connection connection : List.copyOf(waiting)) {
      if (now - connection.deadline() >= 0) {
        poll(connection);
      }
    }
    waits = !waiting.isEmpty();
  }

  /** Nothing that fails ends the loop, or is said to the next client. */
  private void guarded(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      call.reply.clear();
      LOG.error("a task of a loop failed", e);
    }
  }

  private void tellCommits() {
    Session everything = new Session(0, "", 0);
    everything.admit(Optional.empty(), Rights.ALL);
    for (String name : List.copyOf(committed)) {
      committed.remove(name); // first: a commit from now on is told of again
      databases.renew();
      try {
        if (databases.names(everything).contains(name)
            && subscribers.tell(call, databases.find(name, everything))) {
          committed(name);
        }
      } catch (RuntimeException e) {
        call.reply.clear();
        LOG.warn("what has changed in {} cannot be told: {}", name, e.toString());
      }
      for (Connection connection : new ArrayList<>(waiting)) {
        Waiting what = connection.waiting();
        if (what != null && what.concerns(name)) {
          poll(connection);
        }
      }
    }
  }

  private void poll(Connection connection) {
    attempt(connection, Connection::poll);
    if (connection.isClosed() || connection.waiting() == null) {
      waiting.remove(connection);
    }
  }

  private void tick(long now) {
    for (Connection connection : List.copyOf(connections)) {
      boolean late =
          !connection.session.known
              && System.currentTimeMillis() - connection.session.since > UNKNOWN;
      if (late || connection.isStuck(now, STUCK)) {
        connection.broken(new IOException("it says or takes nothing"));
      }
    }
    for (Connection connection : List.copyOf(retrying)) {
      retrying.remove(connection);
      attempt(connection, Connection::retry);
    }
  }

  /** Something that is done for one client; those that are done often capture nothing. */
  @FunctionalInterface
  private interface Work {
    void run(Connection connection, Call call) throws IOException;
  }

  /** What was owed to a client that fails must not be said to the next one. */
  private void attempt(Connection connection, Work work) {
    try {
      work.run(connection, call);
    } catch (IOException e) {
      call.reply.clear();
      connection.broken(e);
    } catch (RuntimeException e) {
      call.reply.clear();
      LOG.error("client {} is closed", connection.session.address, e);
      connection.close();
    }
  }
}

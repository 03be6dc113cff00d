package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.handover.HandoverChannel;
import dev.quicksilver.edge.handover.Message;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that accepts clients wherever a server listens, and gives them to its loops. */
final class Acceptor implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);
  private static final String CROWDED = "-ERR max number of clients reached\r\n";
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final Shared shared;
  private final List<EventLoop> loops;
  private final List<Listener> listeners;
  private final Selector selector = Selector.open();
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Thread thread = Thread.ofPlatform().name("resp-accept").unstarted(this);
  private volatile boolean stopping;
  private int nextLoop;

  /**
   * A socket that listens.
   *
   * @param kind {@link #TCP} or {@link #UNIX}
   * @param lent whether its file is for somebody else to remove
   */
  record Listener(
      String kind, ServerSocketChannel channel, Optional<SSLContext> tls, boolean lent) {}

  static final String TCP = "tcp";
  static final String UNIX = "unix";

  /** Takes the listeners over. */
  Acceptor(Shared shared, List<EventLoop> loops, List<Listener> listeners) throws IOException {
    this.shared = shared;
    this.loops = List.copyOf(loops);
    this.listeners = List.copyOf(listeners);
  }

  void start() throws IOException {
    for (Listener each : listeners) {
      each.channel.configureBlocking(false);
      each.channel.register(selector, SelectionKey.OP_ACCEPT, each);
    }
    thread.start();
  }

  @Override
  public void run() {
    while (!stopping) {
      try {
        int ignored = selector.select(this::accept);
        Runnable task = tasks.poll();
        while (task != null) {
          task.run();
          task = tasks.poll();
        }
      } catch (IOException | RuntimeException e) {
        LOG.error("clients could not be accepted; it is tried again", e);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void accept(SelectionKey key) {
    if (key.attachment() instanceof Listener listener) {
      try {
        SocketChannel channel = listener.channel.accept();
        if (channel != null) {
          accept(channel, listener.tls);
        }
      } catch (IOException e) { // too many files, for example
        LOG.warn("a client could not be accepted: {}", e.toString());
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void accept(SocketChannel channel, Optional<SSLContext> secure) throws IOException {
    shared.connectionsTotal.increment();
    boolean crowded = shared.connections.incrementAndGet() > shared.config.maxConnections();
    if (crowded || (secure.isPresent() && shared.memory.isFullOfRequests())) {
      shared.connections.decrementAndGet();
      shared.refused.increment();
      refuse(channel, secure.isPresent());
      return;
    }
    if (channel.getRemoteAddress() instanceof InetSocketAddress) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    }
    loops
        .get(nextLoop++ % loops.size())
        .serve(channel, String.valueOf(channel.getRemoteAddress()), secure);
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

  /**
   * Accepts nobody until it is decided whether another process does that from now on, which gets
   * the listeners.
   *
   * @return when all listeners have been sent
   */
  CompletableFuture<Integer> halt(HandoverChannel to, CompletableFuture<Boolean> given) {
    var sent = new CompletableFuture<Integer>();
    tasks.add(
        () -> {
          try {
            if (given.isDone()) {
              throw new IOException("it was given up meanwhile");
            }
            for (Listener each : listeners) {
              Message message = new Message("listener").with("kind", each.kind);
              to.send(each.lent ? message.with("lent", 1) : message, each.channel);
            }
            sent.complete(listeners.size());
          } catch (IOException | RuntimeException e) {
            sent.completeExceptionally(e);
          }
          if (given.join()) {
            closeListeners();
          }
        });
    selector.wakeup();
    return sent;
  }

  private void closeListeners() {
    for (Listener each : listeners) {
      try {
        each.channel.close();
      } catch (IOException e) {
        LOG.debug("a listener could not be closed", e);
      }
    }
  }

  /** Ends it and closes the listeners. */
  void close() throws InterruptedException {
    stopping = true;
    selector.wakeup();
    thread.join();
    closeListeners();
    try {
      selector.close();
    } catch (IOException e) {
      LOG.debug("a selector could not be closed", e);
    }
  }
}

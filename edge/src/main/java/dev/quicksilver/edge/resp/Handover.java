package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.handover.HandoverChannel;
import dev.quicksilver.edge.handover.Message;
import dev.quicksilver.storage.FollowedDatabases;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for a process that takes this server's place and gives it everything: first the listeners,
 * then, when that process has found that it could serve, each client that has no TLS, between two
 * of its commands. Nothing is accepted, read or written meanwhile. The other process says that it
 * is ready, is told to go, and only then is anything let go here; if it fails before, this server
 * goes on as if nothing had been. One at a time; a process of another user is refused.
 */
final class Handover implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Handover.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final UnixListener listener;
  private final Shared shared;
  private final Acceptor acceptor;
  private final List<EventLoop> loops;
  private final Consumer<List<String>> gone;
  private final Thread thread = Thread.ofPlatform().name("resp-handover").unstarted(this::run);
  private volatile boolean closed;

  /**
   * Listens.
   *
   * @param gone is called when another process has everything, with the kinds of listeners that it
   *     has kept
   * @throws IOException if it cannot listen there
   */
  Handover(
      Path path,
      Shared shared,
      Acceptor acceptor,
      List<EventLoop> loops,
      Consumer<List<String>> gone)
      throws IOException {
    this.listener = UnixListener.bind(path);
    this.shared = shared;
    this.acceptor = acceptor;
    this.loops = loops;
    this.gone = gone;
  }

  void start() {
    thread.start();
  }

  private void run() {
    ServerSocketChannel waiting = listener.channel();
    while (!closed) {
      try (SocketChannel peer = waiting.accept();
          HandoverChannel to = new HandoverChannel(peer, PATIENCE)) {
        requireSameUser(peer);
        List<String> kept = give(to);
        closed = true;
        listener.close(true);
        // It may end the process, which waits for this thread.
        Thread ignored = Thread.ofPlatform().name("resp-leave").start(() -> gone.accept(kept));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.warn("another process wanted to take over and did not; this one goes on", e);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private void requireSameUser(SocketChannel peer) throws IOException {
    var user = peer.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
    if (!user.equals(Files.getOwner(listener.path())) && !user.getName().equals("root")) {
      throw new IOException("it is a process of user " + user.getName());
    }
  }

  /** Gives everything; returns the kinds of listeners that the other process has kept. */
  private List<String> give(HandoverChannel to) throws IOException {
    Message wish = to.receive().message();
    if (!wish.kind().equals("take over") || wish.number("version", 0) < 1) {
      String why = "this process hands over to processes that ask with version 1 or a later one";
      to.send(new Message("refused").with("why", why));
      throw new IOException("it asks for what is not known: " + wish.kind());
    }
    var given = new CompletableFuture<Boolean>();
    List<CompletableFuture<Integer>> sending = new ArrayList<>();
    try {
      sending.add(acceptor.halt(to, given));
      int ignored = await(sending.getLast());
      Message listeners = new Message("listeners");
      try (FollowedDatabases.View view = shared.databases.viewAsSeen()) {
        view.databases().keySet().forEach(name -> listeners.with("database", name));
      }
      to.send(listeners);
      require(to.receive().message(), "clients");
      int clients = 0;
      for (EventLoop loop : loops) {
        sending.add(loop.halt(to, given));
        clients += await(sending.getLast());
      }
      Message all = new Message("all").with("clients", clients);
      shared.cursors.describe(all.with("next-client", shared.nextClient.get()));
      to.send(all);
      Message answer = to.receive().message();
      require(answer, "ready");
      to.send(new Message("go"));
      given.complete(true);
      LOG.info("another process has taken over, with {} clients", clients);
      return answer.texts("kept");
    } finally {
      given.complete(false); // if that is not decided yet
      sending.forEach(Handover::awaitEnd); // nothing is sent when the channel is closed
    }
  }

  private static void require(Message answer, String kind) throws IOException {
    if (!answer.kind().equals(kind)) {
      throw new IOException("it says " + answer.kind() + " instead of " + kind);
    }
  }

  private static void awaitEnd(CompletableFuture<Integer> sent) {
    try {
      int ignored = await(sent);
    } catch (IOException e) {
      LOG.debug("a part was not sent", e);
    }
  }

  private static int await(CompletableFuture<Integer> sent) throws IOException {
    try {
      return sent.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("a part of this process is busy", e);
    }
  }

  @Override
  public void close() {
    closed = true;
    listener.close(true);
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

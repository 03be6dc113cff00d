package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.Databases;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.tls.TlsPeerException;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Serves one connection: hello, then blocks as they become durable here, until one of the two goes
 * away.
 */
final class FollowerSession {
  private static final Logger LOG = LoggerFactory.getLogger(FollowerSession.class);

  private final Connection connection;
  private final ServerParts server;
  private final Consumer<FollowerSession> onEnd;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean closed;
  private volatile @Nullable String node;
  private volatile @Nullable Thread runner;
  private volatile @Nullable FollowerStream stream;

  FollowerSession(Socket socket, ServerParts server, Consumer<FollowerSession> onEnd) {
    this.connection = new Connection(socket);
    this.server = server;
    this.onEnd = onEnd;
  }

  Optional<FollowerStatus> status() {
    return Optional.ofNullable(stream).map(FollowerStream::status);
  }

  /** Closes the connection if its node may follow no longer. */
  void judge() {
    String name = node;
    if (name != null && !server.transport().admits(name)) {
      LOG.info("node {} may not follow any more: its connection is closed", name);
      close();
    }
  }

  /** The connection's whole life. */
  void run(boolean busy) {
    runner = Thread.currentThread();
    try (connection;
        Deadline hello = Deadline.start(server.options().handshakeTimeout(), this::tooSlow)) {
      connection.noDelay();
      connection.timeout(server.options().handshakeTimeout());
      secure();
      StallGuard.Guarded guarded = server.guard().guard(connection.out(), this::stalled);
      FrameOutput out = new FrameOutput(guarded);
      try {
        converse(new FrameInput(connection.in(), server.identity().versions()), out, busy, hello);
      } catch (RefusedException e) {
        // Who waits for a root asks all of them, for each database, until one is active.
        Level level = e.refusal().code() == RefusalCode.NOT_ACTIVE ? Level.DEBUG : Level.INFO;
        LOG.atLevel(level).log("refused {}: {}", connection.remote(), e.getMessage());
        refuse(out, e.refusal());
      } finally {
        guarded.release();
      }
    } catch (IOException e) {
      LOG.debug("follower {} is gone: {}", connection.remote(), e.getMessage());
    } catch (RuntimeException e) {
      if (!closed) {
        LOG.error("serving {} failed", connection.remote(), e);
      }
    } finally {
      closed = true;
      runner = null;
      onEnd.accept(this);
      ended.countDown();
    }
  }

  private void secure() throws IOException {
    try {
      server.transport().accept(connection, server.identity());
    } catch (TlsPeerException e) {
      if (!closed) {
        server.complaints().warn(String.valueOf(e.getMessage()));
        connection.endAndDrain(); // the peer shall read the alert
      }
      throw e;
    }
  }

  /**
   * Anything unexpected before the stream begins becomes a refusal, so that the other side can say
   * why.
   */
  private void converse(FrameInput in, FrameOutput out, boolean busy, Deadline deadline)
      throws IOException {
    out.writeMagic();
    if (connection.refusal().isPresent()) {
      server
          .complaints()
          .warn("connection from " + connection.remote() + " refused: it is not TLS");
      throw new RefusedException(connection.refusal().get());
    }
    if (busy) {
      throw new RefusedException(
          RefusalCode.BUSY,
          "node \""
              + server.identity().name()
              + "\" serves all the connections it may; use another upstream");
    }
    ClientHello hello = readHello(in);
    if (!deadline.met()) {
      return;
    }
    node = hello.node(); // first: who is judged meanwhile is judged by this name
    server.transport().checkFollower(connection, hello.node(), server.identity());
    Admission.checkPeer(hello, server.identity());
    if (hello.purpose() == Purpose.LIST) {
      server.role().requireActive(server.identity());
      list(out);
      return;
    }
    if (hello.purpose().follows()) {
      awaitActive();
    }
    try {
      Admission.Admitted admitted = Admission.admit(hello, server.databases(), server.identity());
      welcome(hello, admitted, out);
      if (hello.purpose() == Purpose.COPY) {
        connection.timeout(server.options().stallTimeout());
        server.copies().serve(hello, admitted.database(), in, out);
      } else {
        stream(hello, admitted, in, out);
      }
    } catch (StorageException e) {
      if (closed) {
        throw new RefusedException(
            RefusalCode.STOPPING, "node \"" + server.identity().name() + "\" stops");
      }
      if (e.code() == ErrorCode.NOT_FOUND) { // the environment was closed in mid block
        throw server.copies().replaced(hello);
      }
      if (e.code() == ErrorCode.NOT_IN_LOG) {
        throw new RefusedException(overtaken(hello));
      }
      LOG.error("reading database {} for node {} failed", hello.database(), hello.node(), e);
      throw new RefusedException(
          RefusalCode.INTERNAL,
          "node \""
              + server.identity().name()
              + "\" cannot read its log; see its own log: "
              + e.getMessage());
    }
  }

  private void awaitActive() throws IOException {
    try {
      server.role().awaitActive(server.identity());
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  private ClientHello readHello(FrameInput in) throws IOException {
    try {
      in.readMagic();
      if (in.read() instanceof ClientHello hello) {
        in.handshakeDone(version(hello));
        return hello;
      }
      throw new ProtocolException("the first message is not a hello");
    } catch (VersionException e) {
      throw new RefusedException(RefusalCode.VERSION, String.valueOf(e.getMessage()));
    } catch (ProtocolException e) {
      server
          .complaints()
          .warn("connection from " + connection.remote() + " refused: " + e.getMessage());
      throw new RefusedException(RefusalCode.NOT_THE_PROTOCOL, String.valueOf(e.getMessage()));
    }
  }

  private void list(FrameOutput out) throws IOException {
    List<DatabaseInfo> all =
        server.databases().all().stream()
            .map(database -> Admission.info(database, database.head()))
            .toList();
    for (int from = 0; from == 0 || from < all.size(); from += Protocol.MAX_ITEMS) {
      out.write(new Databases(all.subList(from, Math.min(from + Protocol.MAX_ITEMS, all.size()))));
    }
    out.write(new End(EndReason.COMPLETE, 0));
    out.flush();
  }

  private void welcome(ClientHello hello, Admission.Admitted admitted, FrameOutput out)
      throws IOException {
    out.write(
        new ServerHello(
            version(hello),
            server.identity().processId(),
            Protocol.CODEC_SNAPPY,
            server.identity().name(),
            server.identity().location(),
            admitted.info()));
    out.flush();
  }

  private int version(ClientHello hello) {
    return server
        .identity()
        .versions()
        .common(hello.minVersion(), hello.maxVersion())
        .orElseThrow(); // FrameInput has refused the others
  }

  private void stream(
      ClientHello hello, Admission.Admitted admitted, FrameInput in, FrameOutput out)
      throws IOException {
    FollowerStream fresh =
        new FollowerStream(server, connection, hello, admitted, out, this::close);
    stream = fresh;
    if (closed) {
      fresh.stop();
    }
    fresh.run(in);
  }

  private Refusal overtaken(ClientHello hello) {
    FollowerStream begun = stream;
    long sequence = (begun == null ? hello.lastSequence() : begun.sent()) + 1;
    return server
        .databases()
        .get(hello.database())
        .map(database -> Admission.info(database, database.head()))
        .map(info -> Admission.snapshotNeeded(hello, server.identity(), sequence, info))
        .orElseGet(() -> Refusal.of(RefusalCode.UNKNOWN_DATABASE, "the database was dropped"));
  }

  /** Says no, then lets the peer read it: closing with unread input would throw the answer away. */
  private void refuse(FrameOutput out, Refusal refusal) throws IOException {
    out.write(refusal);
    out.flush();
    connection.endOutput();
    connection.endAndDrain();
  }

  private void tooSlow() {
    server
        .complaints()
        .warn(
            "connection from "
                + connection.remote()
                + " closed: no hello within "
                + server.options().handshakeTimeout().toMillis() / 1000.0
                + " s");
    close();
  }

  private void stalled() {
    server
        .complaints()
        .warn(
            "follower "
                + connection.remote()
                + " took nothing for "
                + server.options().stallTimeout().toSeconds()
                + " s and is disconnected");
    close();
  }

  /** Ends the connection from any thread. */
  void close() {
    closed = true;
    connection.close();
    FollowerStream begun = stream;
    if (begun != null) {
      begun.stop();
    }
    Thread waiting = runner;
    if (waiting != null) {
      waiting.interrupt();
    }
  }

  void awaitEnd() throws InterruptedException {
    ended.await();
  }
}

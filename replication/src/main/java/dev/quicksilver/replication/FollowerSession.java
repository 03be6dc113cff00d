package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Acks;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.Databases;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.replication.tls.TlsPeerException;
import dev.quicksilver.storage.BlockHeader;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.ErrorCode;
import dev.quicksilver.storage.Head;
import dev.quicksilver.storage.LogReader;
import dev.quicksilver.storage.StorageException;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves one connection: hello, then blocks as they become durable here, until one of the two goes
 * away.
 */
final class FollowerSession {
  private static final Logger LOG = LoggerFactory.getLogger(FollowerSession.class);

  private final Connection connection;
  private final Transport transport;
  private final DatabaseSet databases;
  private final NodeIdentity identity;
  private final Subtree subtree;
  private final ServerOptions options;
  private final StallGuard guard;
  private final RecentBlocks.Shared shared;
  private final LogLimiter complaints;
  private final CopyServer copies;
  private final Consumer<FollowerSession> onEnd;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CountDownLatch readerEnded = new CountDownLatch(1);
  private volatile boolean closed;
  private volatile @Nullable Thread runner;
  private volatile Optional<FollowerStatus> status = Optional.empty();
  private volatile long sent;
  private volatile long acked = -1;
  private boolean keepsUp;

  FollowerSession(
      Socket socket,
      Transport transport,
      DatabaseSet databases,
      NodeIdentity identity,
      Subtree subtree,
      ServerOptions options,
      StallGuard guard,
      RecentBlocks.Shared shared,
      LogLimiter complaints,
      CopyServer copies,
      Consumer<FollowerSession> onEnd) {
    this.connection = new Connection(socket);
    this.transport = transport;
    this.databases = databases;
    this.identity = identity;
    this.subtree = subtree;
    this.options = options;
    this.guard = guard;
    this.shared = shared;
    this.complaints = complaints;
    this.copies = copies;
    this.onEnd = onEnd;
  }

  Optional<FollowerStatus> status() {
    return status.map(s -> new FollowerStatus(s.database(), s.node(), s.location(), sent, acked));
  }

  /** The connection's whole life. */
  void run(boolean busy) {
    runner = Thread.currentThread();
    try (connection;
        Deadline hello = Deadline.start(options.handshakeTimeout(), this::tooSlow)) {
      connection.noDelay();
      connection.timeout(options.handshakeTimeout());
      secure();
      StallGuard.Guarded stream = guard.guard(connection.out(), this::stalled);
      FrameOutput out = new FrameOutput(stream);
      try {
        converse(new FrameInput(connection.in(), identity.versions()), out, busy, hello);
      } catch (RefusedException e) {
        LOG.info("refused {}: {}", connection.remote(), e.getMessage());
        refuse(out, e.refusal());
      } finally {
        stream.release();
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
      subtree.forget(this);
      onEnd.accept(this);
      ended.countDown();
    }
  }

  private void secure() throws IOException {
    try {
      transport.accept(connection, identity);
    } catch (TlsPeerException e) {
      if (!closed) {
        complaints.warn(String.valueOf(e.getMessage()));
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
      complaints.warn("connection from " + connection.remote() + " refused: it is not TLS");
      throw new RefusedException(connection.refusal().get());
    }
    if (busy) {
      throw new RefusedException(
          RefusalCode.BUSY,
          "node \""
              + identity.name()
              + "\" serves all the connections it may; use another upstream");
    }
    ClientHello hello = readHello(in);
    if (!deadline.met()) {
      return;
    }
    transport.checkFollower(connection, hello.node(), identity);
    Admission.checkPeer(hello, identity);
    if (hello.purpose() == Purpose.LIST) {
      list(out);
      return;
    }
    try {
      Admission.Admitted admitted = Admission.admit(hello, databases, identity);
      welcome(hello, admitted, out);
      if (hello.purpose() == Purpose.COPY) {
        connection.timeout(options.stallTimeout());
        copies.serve(hello, admitted.database(), in, out);
      } else {
        stream(hello, admitted, in, out);
      }
    } catch (StorageException e) {
      if (closed) {
        throw new RefusedException(RefusalCode.STOPPING, "node \"" + identity.name() + "\" stops");
      }
      if (e.code() == ErrorCode.NOT_FOUND) { // the environment was closed in mid block
        throw copies.replaced(hello);
      }
      if (e.code() == ErrorCode.NOT_IN_LOG) {
        throw new RefusedException(overtaken(hello));
      }
      LOG.error("reading database {} for node {} failed", hello.database(), hello.node(), e);
      throw new RefusedException(
          RefusalCode.INTERNAL,
          "node \""
              + identity.name()
              + "\" cannot read its log; see its own log: "
              + e.getMessage());
    }
  }

  private ClientHello readHello(FrameInput in) throws IOException {
    try {
      in.readMagic();
      if (in.read() instanceof ClientHello hello) {
        in.handshakeDone();
        return hello;
      }
      throw new ProtocolException("the first message is not a hello");
    } catch (VersionException e) {
      throw new RefusedException(RefusalCode.VERSION, String.valueOf(e.getMessage()));
    } catch (ProtocolException e) {
      complaints.warn("connection from " + connection.remote() + " refused: " + e.getMessage());
      throw new RefusedException(RefusalCode.NOT_THE_PROTOCOL, String.valueOf(e.getMessage()));
    }
  }

  private void list(FrameOutput out) throws IOException {
    out.write(
        new Databases(
            databases.all().stream()
                .limit(Protocol.MAX_ITEMS)
                .map(database -> Admission.info(database, database.head()))
                .toList()));
    out.write(new End(EndReason.COMPLETE, 0));
    out.flush();
  }

  private void welcome(ClientHello hello, Admission.Admitted admitted, FrameOutput out)
      throws IOException {
    out.write(
        new ServerHello(
            identity
                .versions()
                .common(hello.minVersion(), hello.maxVersion())
                .orElseThrow(), // FrameInput has refused the others
            identity.processId(),
            Protocol.CODEC_SNAPPY,
            identity.name(),
            identity.location(),
            admitted.info()));
    out.flush();
  }

  private void stream(
      ClientHello hello, Admission.Admitted admitted, FrameInput in, FrameOutput out)
      throws IOException {
    sent = admitted.fromSequence() - 1;
    status =
        Optional.of(new FollowerStatus(hello.database(), hello.node(), hello.location(), sent, -1));
    boolean follows = hello.purpose() == Purpose.FOLLOW;
    connection.timeout(follows ? options.stallTimeout() : Duration.ZERO);
    Thread.ofVirtual().name("replication-acks").start(() -> readAcks(hello, in));
    LOG.info(
        "node {} reads database {} from sequence {}", hello.node(), hello.database(), sent + 1);
    RecentBlocks recent = shared.acquire(admitted.database());
    try {
      sendBlocks(hello, admitted.database(), recent, out);
    } finally {
      shared.release(admitted.database());
    }
  }

  private void sendBlocks(
      ClientHello hello, Database database, RecentBlocks recent, FrameOutput out)
      throws IOException {
    LogReader reader = database.readLog(sent + 1);
    while (!closed) {
      // Before the first block, too: a follower that lost the end asks again from there.
      if (hello.stopSequence() > 0 && sent >= hello.stopSequence()) {
        end(out, EndReason.STOP_SEQUENCE);
        return;
      }
      if (sendNext(reader, recent, out)) {
        if (reader.nextSequence() != sent + 1) {
          reader = database.readLog(sent + 1);
        }
      } else {
        out.flush();
        boolean more = awaitCommit(database);
        if (databases.get(hello.database()).orElse(null) != database) {
          copies.requireSame(hello, database);
          end(out, EndReason.DATABASE_DROPPED);
          return;
        }
        if (!more) {
          heartbeat(database, out);
        }
      }
    }
    throw new RefusedException(RefusalCode.STOPPING, "node \"" + identity.name() + "\" stops");
  }

  private boolean awaitCommit(Database database) throws IOException {
    try {
      return database.awaitCommit(sent, options.heartbeat().toNanos());
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /**
   * Waits for the follower to hang up, since closing with unread acks would throw the message away.
   */
  private void end(FrameOutput out, EndReason reason) throws IOException {
    out.write(new End(reason, sent));
    out.flush();
    connection.endOutput();
    try {
      readerEnded.await(options.handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /** Sends the next block if there is one: a shared one, or one of this session's own reader. */
  private boolean sendNext(LogReader reader, RecentBlocks recent, FrameOutput out)
      throws IOException {
    RecentBlocks.Block block = keepsUp ? recent.at(sent + 1) : null;
    BlockHeader header = block == null ? reader.nextBlock() : block.header();
    keepsUp = block != null || header == null;
    if (header == null) {
      return false;
    }
    out.write(header, block == null ? reader::nextSegment : block.body());
    sent = header.lastSequence();
    return true;
  }

  /** Says that there is nothing more; if there is after all, its block says so better. */
  private void heartbeat(Database database, FrameOutput out) throws IOException {
    Head head = database.head();
    if (head.lastSequence() != sent) {
      return;
    }
    out.write(new Heartbeat(head.lastSequence(), head.commitTime()));
    out.flush();
  }

  /** The other direction: acks until the follower goes away, which ends the writer too. */
  private void readAcks(ClientHello hello, FrameInput in) {
    try {
      while (true) {
        if (!(in.read() instanceof Acks acks)) {
          throw new ProtocolException("a follower sends nothing but acks");
        }
        for (NodeAck ack : acks.nodes()) {
          if (ack.node().equals(hello.node())) {
            acked = ack.sequence();
          }
        }
        if (!closed) {
          subtree.record(this, hello.database(), acks.nodes());
        }
      }
    } catch (EOFException e) {
      LOG.debug("node {} closed its connection", hello.node());
    } catch (IOException e) {
      if (!closed) {
        complaints.warn("connection of node " + hello.node() + " closed: " + e.getMessage());
      }
    } finally {
      close();
      subtree.forget(this);
      readerEnded.countDown();
    }
  }

  private Refusal overtaken(ClientHello hello) {
    return databases
        .get(hello.database())
        .map(database -> Admission.info(database, database.head()))
        .map(info -> Admission.snapshotNeeded(hello, identity, sent + 1, info))
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
    complaints.warn(
        "connection from "
            + connection.remote()
            + " closed: no hello within "
            + options.handshakeTimeout().toMillis() / 1000.0
            + " s");
    close();
  }

  private void stalled() {
    complaints.warn(
        "follower "
            + connection.remote()
            + " took nothing for "
            + options.stallTimeout().toSeconds()
            + " s and is disconnected");
    close();
  }

  /** Ends the connection from any thread. */
  void close() {
    closed = true;
    connection.close();
    Thread waiting = runner;
    if (waiting != null) {
      waiting.interrupt();
    }
  }

  void awaitEnd() throws InterruptedException {
    ended.await();
  }
}

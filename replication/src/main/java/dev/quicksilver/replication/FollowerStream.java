package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.Complete;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.Held;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.replication.Message.SubtreeAcks;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stream after a follower was welcomed: blocks as they become durable here in one direction,
 * acks in the other, until one of the two goes away. One thread runs it; {@link #status} and {@link
 * #stop} are for any.
 */
final class FollowerStream {
  private static final Logger LOG = LoggerFactory.getLogger(FollowerStream.class);

  private final ServerParts server;
  private final Connection connection;
  private final ClientHello hello;
  private final boolean saysComplete;
  private final boolean isToldAtOnce;
  private final Database database;
  private final FrameOutput out;
  private final Runnable close;
  private final CountDownLatch readerEnded = new CountDownLatch(1);
  private volatile boolean stopped;
  private volatile long sent;
  private volatile long acked = -1;
  private boolean keepsUp;
  private long nextRootHead = System.nanoTime();
  private Optional<Completeness> toldComplete = Optional.empty();

  /** Makes the stream of a connection; close ends that, from the thread that reads acks. */
  FollowerStream(
      ServerParts server,
      Connection connection,
      ClientHello hello,
      Admission.Admitted admitted,
      FrameOutput out,
      Runnable close) {
    this.server = server;
    this.connection = connection;
    this.hello = hello;
    int version =
        server
            .identity()
            .versions()
            .common(hello.minVersion(), hello.maxVersion())
            .orElseThrow(); // it was welcomed
    this.saysComplete =
        version >= ProtocolVersions.WITH_COMPLETENESS
            && hello.database().equals(CatalogPair.CATALOG);
    this.isToldAtOnce = saysComplete && hello.purpose() == Purpose.STANDBY;
    this.database = admitted.database();
    this.out = out;
    this.close = close;
    this.sent = admitted.fromSequence() - 1;
  }

  FollowerStatus status() {
    return new FollowerStatus(hello.database(), hello.node(), hello.location(), sent, acked);
  }

  /** Returns the last sequence that was sent. */
  long sent() {
    return sent;
  }

  /** Lets the stream end; who waits for a commit must be interrupted. */
  void stop() {
    stopped = true;
  }

  /**
   * Sends until the end.
   *
   * @throws RefusedException if this node stops, is the root no more, has put another copy in the
   *     database's place or withholds it
   */
  void run(FrameInput in) throws IOException {
    connection.timeout(follows() ? server.options().stallTimeout() : Duration.ZERO);
    Thread.ofVirtual().name("replication-acks").start(() -> readAcks(in));
    LOG.info(
        "node {} reads database {} from sequence {}", hello.node(), hello.database(), sent + 1);
    RecentBlocks recent = server.shared().acquire(database);
    try {
      sendBlocks(recent);
    } finally {
      stopped = true;
      server.shared().release(database);
      server.subtree().forget(this);
    }
  }

  private boolean follows() {
    return hello.purpose().follows();
  }

  private void sendBlocks(RecentBlocks recent) throws IOException {
    LogReader reader = database.readLog(sent + 1);
    while (!stopped) {
      // Before the first block, too: a follower that lost the end asks again from there.
      if (hello.stopSequence() > 0 && sent >= hello.stopSequence()) {
        end(EndReason.STOP_SEQUENCE);
        return;
      }
      if (follows() && server.role().now() == RootRole.Standing.STANDING_BY) {
        server.role().requireActive(server.identity());
      }
      long nudges = database.nudges();
      rootHead();
      if (isToldAtOnce) {
        complete();
      }
      if (sendNext(reader, recent)) {
        if (reader.nextSequence() != sent + 1) {
          reader = database.readLog(sent + 1);
        }
      } else {
        out.flush();
        boolean more = awaitCommit(nudges);
        if (server.databases().get(hello.database()).orElse(null) != database) {
          server.copies().requireSame(hello, database);
          end(EndReason.DATABASE_DROPPED);
          return;
        }
        if (!more && !isNudged(nudges)) {
          // a copy that was contradicted receives nothing more, so that it comes here
          Admission.requireServed(hello.database(), server.databases(), server.identity());
          heartbeat();
        }
      }
    }
    throw new RefusedException(
        RefusalCode.STOPPING, "node \"" + server.identity().name() + "\" stops");
  }

  /** Whether it was woken for something else than a commit. */
  private boolean isNudged(long nudges) {
    return isToldAtOnce && database.nudges() != nudges;
  }

  private boolean awaitCommit(long nudges) throws IOException {
    try {
      return isToldAtOnce
          ? database.awaitCommit(sent, nudges, pace())
          : database.awaitCommit(sent, pace());
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /**
   * Waits for the follower to hang up, since closing with unread acks would throw the message away.
   */
  private void end(EndReason reason) throws IOException {
    out.write(new End(reason, sent));
    out.flush();
    connection.endOutput();
    try {
      readerEnded.await(server.options().handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /** Sends the next block if there is one: a shared one, or one of this session's own reader. */
  private boolean sendNext(LogReader reader, RecentBlocks recent) throws IOException {
    RecentBlocks.Block block = keepsUp ? recent.at(sent + 1) : null;
    BlockHeader header = block == null ? reader.nextBlock() : block.header();
    keepsUp = block != null || header == null;
    if (header == null) {
      return false;
    }
    out.write(header, block == null ? reader::nextSegment : block.body());
    server.sentEntries().add(header.lastSequence() - sent);
    sent = header.lastSequence();
    return true;
  }

  /** In ns. A standby root takes over from one that is silent for two heartbeats. */
  private long pace() {
    long heartbeat = server.options().heartbeat().toNanos();
    return isToldAtOnce ? heartbeat / 4 : heartbeat;
  }

  /** Says once in its pace, under load too, how far the root was when it was last heard of. */
  private void rootHead() throws IOException {
    if (!follows() || nextRootHead - System.nanoTime() > 0) {
      return;
    }
    nextRootHead = System.nanoTime() + pace();
    Optional<RootHead> head = server.subtree().roots().forFollowers(database);
    if (head.isPresent()) {
      out.write(head.get());
    }
    if (saysComplete) {
      complete();
    }
  }

  /** Says up to where this node has everything, if that is further than what was said before. */
  private void complete() throws IOException {
    Optional<Completeness> now = server.databases().completeness();
    if (now.isEmpty() || !now.get().isAfter(toldComplete)) {
      return;
    }
    toldComplete = now;
    Position position = now.get().position();
    List<Map.Entry<UUID, Completeness.Point>> all = List.copyOf(now.get().databases().entrySet());
    for (int from = 0; from == 0 || from < all.size(); from += Protocol.MAX_ITEMS) {
      int to = Math.min(from + Protocol.MAX_ITEMS, all.size());
      Map<UUID, Completeness.Point> part =
          all.subList(from, to).stream()
              .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
      out.write(new Complete(to == all.size(), new Completeness(position, part)));
    }
  }

  /** Says that there is nothing more; if there is after all, its block says so better. */
  private void heartbeat() throws IOException {
    Head head = database.head();
    if (head.lastSequence() != sent) {
      return;
    }
    out.write(new Heartbeat(head.lastSequence(), head.commitTime()));
    rootHead();
    out.flush();
  }

  /** The other direction: acks until the follower goes away, which ends the writer too. */
  private void readAcks(FrameInput in) {
    try {
      while (true) {
        switch (in.read()) {
          case Ack ack -> acked(ack.node());
          case Held held when isToldAtOnce ->
              server.subtree().standbys().held(this, hello.node(), held.position());
          case SubtreeAcks acks when !stopped -> server.subtree().record(this, acks);
          case SubtreeAcks _ -> {}
          case Message _ -> throw new ProtocolException("a follower sends nothing but acks");
        }
      }
    } catch (EOFException e) {
      LOG.debug("node {} closed its connection", hello.node());
    } catch (IOException e) {
      if (!stopped) {
        server
            .complaints()
            .warn("connection of node " + hello.node() + " closed: " + e.getMessage());
      }
    } finally {
      close.run();
      server.subtree().forget(this);
      server.subtree().standbys().forget(this);
      readerEnded.countDown();
    }
  }

  private void acked(NodeAck ack) throws ProtocolException {
    boolean own =
        ack.database().equals(hello.database())
            && ack.node().equals(hello.node())
            && (ack.run().isOnlyNamed() || ack.run().process().equals(hello.processId()));
    if (!own) {
      throw new ProtocolException(
          "an ack of node " + ack.node() + " for database " + ack.database() + " as its own");
    }
    acked = ack.sequence();
    if (!stopped) {
      server.subtree().record(this, ack);
    }
  }
}

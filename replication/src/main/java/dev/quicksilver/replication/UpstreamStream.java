package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.Complete;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done on an accepted connection: blocks are applied and committed, acks are sent. One
 * platform thread.
 */
final class UpstreamStream implements AutoCloseable {
  /** Told when all is well: after a commit, and when the upstream says that there is no more. */
  @FunctionalInterface
  interface Well {
    void at(Database database);
  }

  private static final Logger LOG = LoggerFactory.getLogger(UpstreamStream.class);

  private final UpstreamLink link;
  private final UpstreamLink.Session session;
  private final Database database;
  private final BlockReceiver blocks;
  private final CommitPacer pacer;
  private final RootLag lag;
  private final AckSender acks;
  private final Completing completing;
  private final boolean catalog;
  private final FollowerCounters counters;
  private final Well well;
  private final Ticker ticker;

  /** Takes over an open connection; closing this closes it. */
  UpstreamStream(
      UpstreamLink link,
      UpstreamLink.Session session,
      Database database,
      CommitPacer pacer,
      Reports reports,
      FollowerCounters counters,
      Completing completing,
      Well well,
      Ticker ticker) {
    this.link = link;
    this.session = session;
    this.database = database;
    this.blocks = new BlockReceiver(database, pacer);
    this.pacer = pacer;
    this.lag = reports.subtree().roots().of(database.identity());
    this.counters = counters;
    this.completing = completing;
    this.catalog = database.identity().name().equals(CatalogPair.CATALOG);
    completing.connected();
    this.well = well;
    this.ticker = ticker;
    this.acks = new AckSender(session, database.identity().name(), counters, reports, ticker);
    lag.durable(counters.durableSequence());
  }

  UpstreamLink link() {
    return link;
  }

  /** Returns what the upstream said of itself when it accepted. */
  ServerHello server() {
    return session.server();
  }

  Database database() {
    return database;
  }

  /**
   * Takes the next message, or waits until an ack or a commit is due.
   *
   * @return the upstream's last message, when that is what it was
   * @throws RefusedException if the upstream does not go on
   * @throws IOException if the connection broke, or what came is damaged
   * @throws StorageException DIVERGED if a block contradicts this copy
   */
  @Nullable End step() throws IOException {
    long wait = Math.min(acks.remaining(), completing.remaining());
    if (blocks.pending()) {
      wait = Math.min(wait, pacer.remaining(ticker.nanos()));
    }
    switch (session.queue().poll(wait)) {
      case null -> {}
      case BlockStart start -> {
        blocks.apply(start.header(), this::nextOfBlock);
        counters.upstreamAt(Math.max(counters.upstreamSequence(), start.header().lastSequence()));
      }
      case Heartbeat beat -> {
        blocks.caughtUp(beat.lastSequence());
        counters.upstreamAt(beat.lastSequence());
        report();
      }
      case RootHead head -> lag.heard(head);
      case Complete part when catalog -> completing.heard(part);
      case Refusal given -> throw new RefusedException(given);
      case End end -> {
        commit();
        return end;
      }
      case Message other ->
          throw new ProtocolException("an unexpected message of type " + MessageCodec.type(other));
    }
    if (blocks.pending() && pacer.remaining(ticker.nanos()) == 0) {
      commit();
      acks.committed();
    }
    acks.ifDue();
    completing.look();
    if (catalog) {
      acks.held(completing.toSay());
    }
    return null;
  }

  /** A large block takes its time: acks go on meanwhile. */
  private Message nextOfBlock() throws IOException {
    while (true) {
      Message message = session.queue().poll(acks.remaining());
      acks.ifDue();
      if (message != null) {
        return message;
      }
    }
  }

  /** Makes durable what has been applied. */
  void commit() {
    if (blocks.pending()) {
      counters.committed(blocks.commit(ticker));
      lag.durable(counters.durableSequence());
      report();
    }
  }

  private void report() {
    if (!blocks.pending()) {
      well.at(database);
    }
  }

  /** Makes durable what can be; a failure is logged, since the connection is left anyway. */
  void keepApplied() {
    try {
      commit();
    } catch (StorageException e) {
      LOG.error(
          "database {}: the last blocks were not kept: {}",
          database.identity().name(),
          e.getMessage());
    }
  }

  /** Leaves the connection and throws away what is not durable. */
  @Override
  public void close() {
    link.close();
    try {
      blocks.close();
    } catch (StorageException e) {
      LOG.error(
          "database {}: the last blocks were not undone cleanly: {}",
          database.identity().name(),
          e.getMessage());
    }
  }
}

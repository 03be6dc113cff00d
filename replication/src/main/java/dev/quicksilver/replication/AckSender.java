package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.Held;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Sends acks on one connection: this node's own after each commit and each second, and on the
 * catalog's connection each second some of the nodes below. One thread.
 */
final class AckSender {
  private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

  private final FrameOutput out;
  private final String database;
  private final FollowerCounters counters;
  private final Reports reports;
  private final Ticker ticker;
  private final boolean catalog;
  private final int version;
  private long next;

  /** Sends on an accepted connection. */
  AckSender(
      UpstreamLink.Session session,
      String database,
      FollowerCounters counters,
      Reports reports,
      Ticker ticker) {
    this.out = session.out();
    this.version = session.server().version();
    this.database = database;
    this.counters = counters;
    this.reports = reports;
    this.ticker = ticker;
    this.catalog = database.equals(CatalogPair.CATALOG);
    this.next = ticker.nanos();
    if (catalog) {
      reports.startRound();
    }
  }

  /** Returns how long until acks are due, in ns; 0 if they are. */
  long remaining() {
    return Math.max(0, next - ticker.nanos());
  }

  /** Sends what is due each second. */
  void ifDue() throws IOException {
    if (next - ticker.nanos() > 0) {
      return;
    }
    next = ticker.nanos() + INTERVAL;
    FailPoint.hit("replica.before-ack");
    own();
    if (catalog) {
      out.write(reports.next(version));
    }
    out.flush();
  }

  /** Says at once what is durable: somebody may be waiting for it. */
  void committed() throws IOException {
    FailPoint.hit("replica.before-ack");
    own();
    out.flush();
  }

  /** Says up to where this node is complete, if there is something to say and somebody to hear. */
  void held(Optional<Position> position) throws IOException {
    if (position.isPresent() && version >= ProtocolVersions.WITH_COMPLETENESS) {
      out.write(new Held(position.get()));
      out.flush();
    }
  }

  private void own() throws IOException {
    out.write(new Ack(reports.ack(database, FollowerState.STREAMING, counters)));
  }
}

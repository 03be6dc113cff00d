package dev.quicksilver.bridge;

import dev.quicksilver.bridge.seek.Seek;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Runs the seeks of a session, and the cursors over them. Used by the session's thread. */
final class Seeks {
  /** Longer than this nobody waits who is not seen to wait. */
  private static final long AHEAD_NANOS = 5_000_000;

  private final Bridge bridge;
  private final Settings settings;
  private final Reading reading;
  private final Cursors cursors;
  private final Block block;
  private final Watch watch;
  private final MessageWriter out;
  private final Client client;
  private final StatementCount count;
  private final AheadBudget ahead;
  private @Nullable Portal fetched;
  private long fetchedRows;

  Seeks(
      Bridge bridge,
      Settings settings,
      Reading reading,
      Cursors cursors,
      Block block,
      Watch watch,
      MessageWriter out,
      Client client,
      StatementCount count) {
    this.count = count;
    this.bridge = bridge;
    this.settings = settings;
    this.reading = reading;
    this.cursors = cursors;
    this.block = block;
    this.watch = watch;
    this.out = out;
    this.client = client;
    this.ahead = AheadBudget.ofSession(bridge.ahead());
  }

  /** Gives all rows of a query. */
  void query(Seek seek, boolean described) {
    if (!described) {
      describe(seek);
    }
    try (Portal portal = portal(seek, new boolean[seek.types().size()])) {
      Replies.complete(out, "SELECT " + send(portal, Long.MAX_VALUE));
    }
  }

  private void describe(Seek seek) {
    Replies.description(out, seek.names(), seek.types(), new boolean[0]);
  }

  /** A portal of the session. */
  Portal portal(Seek seek, boolean[] binary) {
    return new Portal(seek, watch, binary, false, block.depth());
  }

  /** Sends rows of a portal; returns how many. */
  long send(Portal portal, long count) {
    requireUtf8();
    long sent = reading(false, () -> portal.send(count, false, out, client::flush));
    fetched(portal, count, sent);
    return sent;
  }

  /** Notes who was asked for rows; one that had fewer has no more. */
  private void fetched(Portal portal, long count, long sent) {
    fetched = sent == count ? portal : null;
    fetchedRows = count;
  }

  /** Rows are UTF-8; a cursor may be older than the client's encoding. */
  private void requireUtf8() {
    if (!settings.inUtf8()) {
      throw PgException.of(
              SqlState.FEATURE_NOT_SUPPORTED,
              "the cursor gives UTF-8, and client_encoding has changed since it was declared")
          .hint("SET client_encoding before DECLARE, or back to UTF8 before FETCH.");
    }
  }

  private long reading(boolean discard, LongSupplier rows) {
    count.seeks();
    reading.lock().lock();
    try {
      watch.check();
      reading.current().view();
      long sent = rows.getAsLong();
      bridge.counters().rows.add(discard ? 0 : sent);
      return sent;
    } finally {
      reading.lock().unlock();
    }
  }

  void explain(Seek seek, boolean described) {
    count.seeks();
    if (!described) {
      Replies.description(out, List.of("QUERY PLAN"), List.of(Type.TEXT), new boolean[0]);
    }
    Replies.textRow(out, seek.explain());
    Replies.complete(out, "EXPLAIN");
  }

  void declare(Statement.Declare declare, Seek seek) {
    count.seeks();
    if (!block.isOpen()) {
      throw PgException.of(
          SqlState.NO_ACTIVE_SQL_TRANSACTION,
          "DECLARE CURSOR can only be used in transaction blocks");
    }
    boolean scrolls =
        declare.scrolling() != Statement.Scrolling.NO_SCROLL && scrolls(declare, seek);
    boolean[] text = new boolean[seek.types().size()];
    cursors.open(declare.cursor(), new Portal(seek, watch, text, scrolls, block.depth()));
    Replies.complete(out, "DECLARE CURSOR");
  }

  /** Whether PostgreSQL moves backward in such a query without having kept its rows. */
  static boolean scrolls(Statement.Declare declare, Seek seek) {
    return seek.scrolls() && declare.select().locking().isEmpty();
  }

  void fetch(Statement.Fetch fetch, Portal portal, boolean described) {
    Runnable describe = described ? () -> {} : () -> describe(portal.seek());
    var movement = new Movement(portal, fetch.move(), describe, out, client::flush);
    if (!fetch.move()) {
      requireUtf8();
    }
    portal.beginRun(fetch.cursor());
    long sent = reading(fetch.move(), () -> movement.run(fetch.direction(), fetch.count()));
    portal.endRun();
    if (!fetch.move() && fetch.direction() == Statement.Direction.FORWARD) {
      fetched(portal, fetch.count(), sent);
    }
    Replies.complete(out, (fetch.move() ? "MOVE " : "FETCH ") + sent);
  }

  /**
   * Makes the rows that will be asked for next, while the client is busy with those that it got:
   * most ask for as many as the last time. Leaves off as soon as the client asks for anything.
   */
  void readAhead() {
    Portal portal = fetched;
    fetched = null;
    if (portal == null) {
      return;
    }
    reading.lock().lock();
    try {
      if (reading.transaction().isPresent()) {
        long until = bridge.nanoClock().getAsLong() + AHEAD_NANOS;
        portal.readAhead(
            fetchedRows,
            ahead,
            () -> client.hasSent() || bridge.nanoClock().getAsLong() - until > 0);
      }
    } finally {
      reading.lock().unlock();
    }
  }
}

package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.wal.SlotReader;
import dev.quicksilver.replication.Threads;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jooq.Record;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the stream of the slot honest, on a thread of its own with SQL of its own.
 *
 * <p>A process of PostgreSQL that has stopped, or a network that swallows everything, looks like a
 * database in which nothing happens. So after some silence it writes a message into the WAL, which
 * has to come through the stream; a stream on which nothing comes for as long again and more is
 * given up. One whose process is at work (it decodes a large transaction) is given more time, and
 * one that waits for a standby of {@code synchronized_standby_slots} all of it.
 *
 * <p>Before version 17 PostgreSQL writes messages out whenever it likes, seconds later when it is
 * idle. There it sees to it that what is in the WAL buffers is written soon: sessions that wait for
 * the root have put a message there.
 */
final class StreamWatch implements AutoCloseable {
  /** A process that is at work may be silent for so many times as long. */
  private static final int BUSY_TIMES = 10;

  private static final long ROUND_MILLIS = 1_000;
  private static final long FLUSH_MILLIS = 50;
  private static final int WRITES_MESSAGES_AT_ONCE = 170000;
  private static final Logger LOG = LoggerFactory.getLogger(StreamWatch.class);

  private final CentralDatabase central;
  private final SlotReader reader;
  private final Consumer<Exception> dead;
  private final int pid;
  private final long silence;
  private final LongSupplier nanoTime;
  private final Thread thread;
  private long askedAt;
  private volatile boolean closed;

  /**
   * Starts to watch.
   *
   * @param pid the process of PostgreSQL that sends
   * @param silence how long nothing may come
   * @param dead told once, if the stream is to be given up
   */
  StreamWatch(
      CentralDatabase central,
      SlotReader reader,
      int pid,
      Duration silence,
      LongSupplier nanoTime,
      Consumer<Exception> dead) {
    this.central = central;
    this.reader = reader;
    this.pid = pid;
    this.silence = silence.toNanos();
    this.nanoTime = nanoTime;
    askedAt = nanoTime.getAsLong() - this.silence;
    this.dead = dead;
    thread = Thread.ofPlatform().name("quicksilver-gateway-watch").daemon().start(this::run);
  }

  private void run() {
    long version = 0;
    long nextRound = nanoTime.getAsLong();
    try {
      while (!closed) {
        try {
          if (version == 0) {
            version =
                Long.parseLong(central.string("SELECT current_setting('server_version_num')"));
          }
          if (version < WRITES_MESSAGES_AT_ONCE) {
            flush();
          }
        } catch (DataAccessException e) {
          LOG.debug("Cannot ask the central PostgreSQL", e);
        }
        if (nanoTime.getAsLong() - nextRound >= 0) {
          nextRound = nanoTime.getAsLong() + TimeUnit.MILLISECONDS.toNanos(ROUND_MILLIS);
          if (isDead(reader.silence())) {
            giveUp();
            return;
          }
        }
        Thread.sleep(version < WRITES_MESSAGES_AT_ONCE ? FLUSH_MILLIS : ROUND_MILLIS);
      }
    } catch (InterruptedException e) {
      LOG.debug("The stream is closed");
    }
  }

  private boolean isDead(long quiet) {
    if (quiet < silence / 3) {
      return false;
    }
    try {
      if (nanoTime.getAsLong() - askedAt >= silence / 3) {
        askedAt = nanoTime.getAsLong();
        central.sql().execute("SELECT quicksilver.tell_root('are you there')");
      }
      return quiet >= patience();
    } catch (DataAccessException e) {
      // Nobody else answers either.
      LOG.debug("Cannot ask the central PostgreSQL", e);
      return quiet >= silence;
    }
  }

  /** How long the process may be silent, by what it says that it waits for. */
  private long patience() {
    Record row =
        central
            .sql()
            .fetchOne(
                "SELECT lower(coalesce(wait_event, '')) FROM pg_stat_activity WHERE pid = {0}",
                DSL.val(pid));
    String waits = row == null ? "" : String.valueOf(row.get(0, String.class));
    return switch (waits) {
      case "walsendermain", "walsenderwaitforwal" -> silence;
      case "waitforstandbyconfirmation" -> Long.MAX_VALUE;
      default -> BUSY_TIMES * silence;
    };
  }

  private void giveUp() {
    String said =
        "process "
            + pid
            + " of PostgreSQL, which sends the changes, has been silent for "
            + TimeUnit.NANOSECONDS.toSeconds(reader.silence())
            + " s and does not answer";
    dead.accept(new SQLTransientConnectionException(said));
  }

  private void flush() {
    central
        .sql()
        .execute(
            "SELECT CASE WHEN pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() THEN"
                + " pg_logical_emit_message(true, 'quicksilver', 'written') END");
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    Threads.join(thread);
  }
}

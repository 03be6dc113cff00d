package dev.quicksilver.gateway.session;

import dev.quicksilver.replication.RootRole.Standing;
import dev.quicksilver.replication.Threads;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a disk does not finish what is to be durable. The thread that waits for it can do
 * nothing, and to PostgreSQL and the followers this node looks alive; so the slot is let go for it,
 * if there is a standby root to take it. What the disk finishes later is what any root makes of the
 * same WAL. A thread of its own.
 */
final class DiskStall implements AutoCloseable {
  /** A large transaction takes seconds on a slow disk. */
  static final Duration LONGEST_WORK = Duration.ofSeconds(15);

  private static final long PAUSE_MILLIS = 1_000;
  private static final Logger LOG = LoggerFactory.getLogger(DiskStall.class);

  private final SessionParts parts;
  private final LongSupplier workingFor;
  private final Consumer<Exception> giveUp;
  private final Thread thread;

  /**
   * Begins to look.
   *
   * @param workingFor for how long the session's thread has been at work without a pause, in ns
   * @param giveUp told once
   */
  DiskStall(SessionParts parts, LongSupplier workingFor, Consumer<Exception> giveUp) {
    this.parts = parts;
    this.workingFor = workingFor;
    this.giveUp = giveUp;
    thread = Thread.ofPlatform().name("quicksilver-gateway-disk").daemon().start(this::run);
  }

  private void run() {
    try {
      while (!look(workingFor.getAsLong())) {
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      LOG.debug("The slot is left");
    }
  }

  /**
   * Gives the slot up if it is time, and says whether it has.
   *
   * @param nanos for how long the session's thread has been at work
   */
  boolean look(long nanos) {
    if (nanos < LONGEST_WORK.toNanos() || parts.standbys().all().isEmpty()) {
      return false;
    }
    String said =
        "the disk has not finished what is to be durable for "
            + TimeUnit.NANOSECONDS.toSeconds(nanos)
            + " s; letting the slot go for a standby root";
    LOG.error("{}", said);
    parts.standby().role().become(Standing.STANDING_BY);
    giveUp.accept(new SQLTransientConnectionException(said));
    return true;
  }

  @Override
  public void close() {
    thread.interrupt();
    Threads.join(thread);
  }
}

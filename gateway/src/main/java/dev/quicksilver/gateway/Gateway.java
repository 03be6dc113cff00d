package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.GatewayStatus.State;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Threads;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.StorageException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running gateway of a root: reads the slot of the central PostgreSQL into the databases of
 * this node. A PostgreSQL that is away is waited for; a slot that another root holds too. Refusals
 * end it, and {@link #await()} throws them. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration SLOT_PAUSE = Duration.ofMillis(100);

  /** An unknown error that PostgreSQL gives so many times in a row, and nothing between, stays. */
  private static final int MOST_ANSWERS = 5;

  private final Progress progress = new Progress();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CompletableFuture<Void> outcome = new CompletableFuture<>();
  private final CentralDatabase central;
  private final SlotSession session;
  private final StatusPublisher publisher;
  private final Thread thread;
  private String saidBusy = "";

  private Gateway(GatewayConfig config, DatabaseSet databases, Subtree below) {
    central = new CentralDatabase(config);
    LongSupplier nanoTime = System::nanoTime;
    Waiters waiters = new Waiters(nanoTime);
    session =
        new SlotSession(config, databases, progress, waiters, central, nanoTime, this::isClosing);
    publisher =
        new StatusPublisher(
            new StatusTables(central.sql(), central::slotName),
            databases,
            below,
            progress,
            waiters,
            nanoTime);
    thread =
        Thread.ofPlatform().name("quicksilver-gateway-sequencer").daemon().unstarted(this::run);
  }

  /**
   * Starts to connect and to sequence; returns at once.
   *
   * @param databases this node's databases; stays open until the gateway is closed
   * @param below what the nodes below have reported, for {@code quicksilver.replicas}
   */
  public static Gateway start(GatewayConfig config, DatabaseSet databases, Subtree below) {
    Gateway gateway = new Gateway(config, databases, below);
    gateway.thread.start();
    gateway.publisher.start();
    return gateway;
  }

  /** Starts one of which nobody shows the nodes below. */
  public static Gateway start(GatewayConfig config, DatabaseSet databases) {
    return start(config, databases, new Subtree());
  }

  /** The replication slot; empty while it is not known, since the central PostgreSQL names it. */
  public String slotName() {
    return central.slotName();
  }

  /** Bytes of WAL that PostgreSQL keeps for the slot, as of the last second; -1 if unknown. */
  public long retainedWal() {
    return progress.retainedWal();
  }

  /** True while PostgreSQL lets commits wait for this node. */
  public boolean isSynchronous() {
    return progress.isSynchronous();
  }

  /** Returns what the gateway is doing now. */
  public GatewayStatus status() {
    return progress.status();
  }

  /**
   * Waits until the gateway is closed.
   *
   * @throws GatewayException why it refused to go on
   */
  public void await() throws InterruptedException {
    try {
      outcome.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GatewayException refusal) {
        throw refusal;
      }
      throw new GatewayException(
          ErrorCode.STORAGE, "the gateway failed: " + e.getCause() + "; see the log", e);
    }
  }

  /** Commits what has arrived in whole transactions and lets the slot go. Idempotent. */
  @Override
  public void close() {
    closing.countDown();
    session.wake();
    Threads.join(thread);
  }

  private boolean isClosing() {
    return closing.getCount() == 0;
  }

  private void run() {
    try (central;
        publisher) {
      Duration pause = FIRST_PAUSE;
      int answers = 0;
      long reached = 0;
      while (!isClosing()) {
        if (progress.status().state() != State.WAITING_FOR_SPACE) {
          progress.state(State.CONNECTING);
        }
        try {
          session.run();
          pause = FIRST_PAUSE;
        } catch (StorageException e) {
          if (e.code() != dev.quicksilver.storage.ErrorCode.NO_SPACE) {
            throw e;
          }
          // Nothing was lost: the WAL is read again from what is durable here.
          progress.problem(e.code() + ": " + PostgresFailure.oneLine(e));
          progress.state(State.WAITING_FOR_SPACE);
          LOG.error("{}; trying again until there is room", PostgresFailure.oneLine(e));
          pause(LONGEST_PAUSE);
        } catch (GatewayException refusal) {
          throw refusal;
        } catch (Exception e) {
          if (isClosing()) {
            break;
          }
          Optional<GatewayException> refusal = PostgresFailure.refusal(e);
          if (refusal.isPresent()) {
            throw refusal.get();
          }
          if (PostgresFailure.isSlotBusy(e)) {
            waitForSlot();
            pause(SLOT_PAUSE);
            continue;
          }
          if (session.hasStreamed()) {
            pause = FIRST_PAUSE;
          }
          long durable = progress.status().position().lsn();
          if (durable != reached) {
            reached = durable;
            answers = 0;
          }
          saidBusy = "";
          progress.state(State.CONNECTING);
          progress.problem(PostgresFailure.oneLine(e));
          if (PostgresFailure.isAway(e)) {
            answers = 0;
            LOG.warn(
                "The central PostgreSQL is away ({}); trying again", PostgresFailure.oneLine(e));
          } else {
            if (++answers == MOST_ANSWERS) {
              throw PostgresFailure.lasting(e);
            }
            LOG.warn(
                "The central PostgreSQL answers with an error ({}); trying again",
                PostgresFailure.oneLine(e));
          }
          pause(pause);
          pause = pause.multipliedBy(2);
          pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
        }
      }
      progress.state(State.CLOSED);
      outcome.complete(null);
    } catch (GatewayException e) {
      fail(e);
    } catch (StorageException e) {
      fail(
          new GatewayException(
              ErrorCode.STORAGE, "storage failed (" + e.code() + "): " + e.getMessage(), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      progress.state(State.CLOSED);
      outcome.complete(null);
    } catch (Throwable e) {
      LOG.error("The gateway failed", e);
      progress.state(State.FAILED);
      outcome.completeExceptionally(e);
    }
  }

  private void waitForSlot() {
    String said = "another root holds the slot; standing by for it";
    State state = State.WAITING_FOR_SLOT;
    try {
      int own = session.ownHolder();
      if (own != 0) {
        state = State.CONNECTING;
        said =
            "process "
                + own
                + " of PostgreSQL still holds the slot for a connection of this node that was lost;"
                + " it was told to end, and if it hangs, an administrator has to end it (kill -9"
                + " restarts all of PostgreSQL)";
        progress.problem(said);
      }
    } catch (DataAccessException e) {
      LOG.debug("Cannot ask who holds the slot", e);
    }
    progress.state(state);
    if (!said.equals(saidBusy)) {
      saidBusy = said;
      LOG.info("The slot is in use: {}", said);
    }
  }

  private void fail(GatewayException refusal) {
    LOG.error("{}: {}", refusal.code(), refusal.getMessage());
    progress.problem(PostgresFailure.oneLine(refusal));
    progress.state(State.FAILED);
    outcome.completeExceptionally(refusal);
  }

  private void pause(Duration longest) throws InterruptedException {
    long nanos = longest.toNanos();
    long jittered = nanos / 2 + ThreadLocalRandom.current().nextLong(nanos / 2 + 1);
    if (closing.await(jittered, TimeUnit.NANOSECONDS)) {
      LOG.debug("Closing");
    }
  }
}

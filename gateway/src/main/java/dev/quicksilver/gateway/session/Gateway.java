package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.gateway.Preparation;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.session.SlotState.Closed;
import dev.quicksilver.gateway.session.SlotState.Failed;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.gateway.status.StatusPublisher;
import dev.quicksilver.gateway.status.StatusTables;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Threads;
import dev.quicksilver.storage.DatabaseSet;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;

/**
 * The running gateway of a root: reads the slot of the central PostgreSQL into the databases of
 * this node. A PostgreSQL that is away is waited for; a slot that another root holds too. Refusals
 * end it, and {@link #await()} throws them. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private static final long SWITCH_POLL_MILLIS = 20;

  /** Shorter than an HTTP client waits. */
  private static final Duration LONGEST_SWITCH = Duration.ofSeconds(25);

  private final Progress progress = new Progress();
  private final CompletableFuture<Void> outcome = new CompletableFuture<>();
  private final CentralDatabase central;
  private final Standby standby;
  private final Standbys standbys;
  private final SlotSession session;
  private final StatusPublisher publisher;
  private final Thread thread;

  private Gateway(
      GatewayConfig config,
      DatabaseSet databases,
      Subtree below,
      Standby standby,
      Preparation preparation) {
    LongSupplier nanoTime = System::nanoTime;
    central = new CentralDatabase(config);
    this.standby = standby;
    standbys = below.standbys();
    Waiters waiters = new Waiters(nanoTime);
    session =
        new SlotSession(
            new SessionParts(
                config,
                databases,
                central,
                standby,
                preparation,
                below.standbys(),
                progress,
                waiters,
                nanoTime));
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
    return start(config, databases, below, Standby.alone(), Preparation.NONE);
  }

  /**
   * The same for one of several roots.
   *
   * @param standby says how this one follows the active one
   * @param preparation what was not done yet, since PostgreSQL was away
   */
  public static Gateway start(
      GatewayConfig config,
      DatabaseSet databases,
      Subtree below,
      Standby standby,
      Preparation preparation) {
    Gateway gateway = new Gateway(config, databases, below, standby, preparation);
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

  /**
   * For how long the session with the slot has done nothing although something is due: what tells a
   * thread that hangs, in a disk that does not answer, say, from one that waits.
   */
  public Duration silence() {
    return session.silence();
  }

  /**
   * Why this node is not the root although no other one may be active: what it lacks, or that
   * PostgreSQL is away from it. Empty if it would take the slot, or has it, or follows nobody.
   */
  public Optional<String> hindrance() {
    return Optional.of(progress.hindrance()).filter(why -> !why.isEmpty());
  }

  /**
   * Lets a standby root have the slot, and stands by; waits until it has it. If none takes it, this
   * node goes on as the root.
   *
   * @return what has come of it, one line
   * @throws IllegalStateException if it cannot be done, with the reason; then nothing has changed
   */
  public String switchOver() throws InterruptedException {
    if (!standby.hasOthers()) {
      throw new IllegalStateException(
          "this root knows of no other one: name the others in its replication.upstreams");
    }
    List<Standbys.Standby> all = standbys.all();
    long confirmed = progress.status().confirmedLsn();
    String next =
        all.stream()
            .filter(each -> Long.compareUnsigned(each.held().lsn(), confirmed) >= 0)
            .map(Standbys.Standby::node)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        all.isEmpty()
                            ? "no standby root follows this one"
                            : "no standby root holds all that PostgreSQL may forget: " + all));
    if (!session.switchOver()) {
      throw new IllegalStateException(
          "this node does not hold the slot: it is " + progress.status().state());
    }
    boolean hasLetGo = false;
    long began = System.nanoTime();
    while (System.nanoTime() - began < LONGEST_SWITCH.toNanos()) {
      Thread.sleep(SWITCH_POLL_MILLIS);
      switch (standby.role().now()) {
        case STANDING_BY -> {
          return "another root has taken over, probably " + next + "; this one stands by";
        }
        case ACTIVE -> {
          if (hasLetGo || outcome.isDone()) {
            throw new IllegalStateException("no standby root has taken over; this one goes on");
          }
        }
        case TAKING_OVER -> hasLetGo = true;
      }
    }
    throw new IllegalStateException(
        "no root is known to hold the slot after "
            + LONGEST_SWITCH.toSeconds()
            + " s; see what status says");
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
    session.close();
    Threads.join(thread);
  }

  private void run() {
    try (central;
        publisher) {
      switch (session.run()) {
        case Closed _ -> outcome.complete(null);
        case Failed failed -> outcome.completeExceptionally(failed.cause());
      }
    } catch (Throwable e) {
      outcome.completeExceptionally(e);
      throw e;
    }
  }
}

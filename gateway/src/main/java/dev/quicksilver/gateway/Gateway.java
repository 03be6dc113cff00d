package dev.quicksilver.gateway;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.SlotState.Closed;
import dev.quicksilver.gateway.SlotState.Failed;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.replication.Threads;
import dev.quicksilver.storage.DatabaseSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;

/**
 * The running gateway of a root: reads the slot of the central PostgreSQL into the databases of
 * this node. A PostgreSQL that is away is waited for; a slot that another root holds too. Refusals
 * end it, and {@link #await()} throws them. Thread-safe.
 */
public final class Gateway implements AutoCloseable {
  private final Progress progress = new Progress();
  private final CompletableFuture<Void> outcome = new CompletableFuture<>();
  private final CentralDatabase central;
  private final SlotSession session;
  private final StatusPublisher publisher;
  private final Thread thread;

  private Gateway(GatewayConfig config, DatabaseSet databases, Subtree below) {
    LongSupplier nanoTime = System::nanoTime;
    central = new CentralDatabase(config);
    Waiters waiters = new Waiters(nanoTime);
    session =
        new SlotSession(new SessionParts(config, databases, central, progress, waiters, nanoTime));
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

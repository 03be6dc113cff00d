package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.session.SlotState.Connecting;
import dev.quicksilver.gateway.session.SlotState.Ended;
import dev.quicksilver.gateway.session.SlotState.Failed;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.replication.RootRole.Standing;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The state of a session and the only way from one to another: closes what is left behind, tells
 * the status and says why. For the session's thread, but for {@link #close()} and {@link
 * #isClosing()}.
 *
 * <p>What goes on, or comes again after attempts that led nowhere, is said once: until the slot was
 * held for so long, or held with success, that the same trouble is a new one.
 */
final class Transitions {
  /** A slot that was held for so long was held well, though nothing was written meanwhile. */
  static final Duration LASTING = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(Transitions.class);

  private final Progress progress;
  private final Consumer<Standing> role;
  private final LongSupplier nanoTime;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Object lock = new Object();
  private final Map<Class<?>, String> said = new HashMap<>();
  private volatile SlotState current = new Connecting();

  /**
   * Begins.
   *
   * @param role told what this node is to others, when that changes
   */
  Transitions(Progress progress, Consumer<Standing> role, LongSupplier nanoTime) {
    this.progress = progress;
    this.role = role;
    this.nanoTime = nanoTime;
  }

  /** Where the session is. */
  SlotState current() {
    return current;
  }

  /**
   * Leaves the state for another one.
   *
   * @param reason what is said about it, if that is news
   * @throws IllegalStateException if the session has ended
   */
  void move(SlotState next, String reason) {
    progress.beat();
    SlotState old = current;
    if (old instanceof Ended) {
      throw new IllegalStateException("from " + old + " to " + next + ": " + reason);
    }
    synchronized (lock) {
      current = next;
      if (isClosing()) {
        next.wake();
      }
    }
    progress.leaving();
    List<AutoCloseable> kept = next.holds();
    for (AutoCloseable open : old.holds()) {
      if (!kept.contains(open)) {
        letGo(open);
      }
    }
    next.standing().ifPresent(role);
    next.hindrance().ifPresent(progress::hindrance);
    progress.entered(next.shown(), next.problem(), next.ownHolder());
    if (old instanceof Sequencing sequencing && wentWell(sequencing)) {
      said.clear();
    }
    say(old, next, reason);
  }

  private boolean wentWell(Sequencing left) {
    return nanoTime.getAsLong() - left.since() >= LASTING.toNanos()
        || !progress.status().position().equals(left.position());
  }

  private void say(SlotState old, SlotState next, String reason) {
    boolean news = !reason.equals(said.put(next.getClass(), reason));
    if (!news || next.level() == Level.DEBUG) {
      LOG.debug(
          "{} to {}: {}", old.getClass().getSimpleName(), next.getClass().getSimpleName(), reason);
      return;
    }
    LoggingEventBuilder event = LOG.atLevel(next.level());
    if (next instanceof Failed failed && !(failed.cause() instanceof GatewayException)) {
      event = event.setCause(failed.cause());
    }
    event.log("{}", reason);
  }

  /** Says what this node is to others, within a state. */
  void standing(Standing now) {
    role.accept(now);
  }

  /** Closes, come what may. */
  static void letGo(AutoCloseable open) {
    try {
      open.close();
    } catch (Exception e) {
      LOG.warn("Cannot close {}; going on", open, e);
    }
  }

  /**
   * Waits.
   *
   * @throws CancellationException if the gateway is closed meanwhile
   */
  void pause(Duration length) throws InterruptedException {
    if (closing.await(length.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new CancellationException("closing");
    }
  }

  boolean isClosing() {
    return closing.getCount() == 0;
  }

  /** Lets whatever state the session is in, or comes to, end soon. From any thread; idempotent. */
  void close() {
    synchronized (lock) {
      closing.countDown();
      current.wake();
    }
  }
}

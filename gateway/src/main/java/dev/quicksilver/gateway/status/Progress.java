package dev.quicksilver.gateway.status;

import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.storage.Pulse;
import dev.quicksilver.storage.record.Position;
import java.time.Duration;
import java.util.Optional;

/**
 * What the gateway lets others see, from any thread. The sequencer thread writes it but for what
 * PostgreSQL says of the slot.
 */
public final class Progress {
  private volatile GatewayStatus status =
      new GatewayStatus(GatewayStatus.State.CONNECTING, Position.NONE, 0, 0, 0, "");

  private volatile boolean synchronous;
  private volatile long retainedWal = -1;
  private volatile int holder;
  private volatile String hindrance = "";
  private final Pulse pulse = new Pulse(System::nanoTime);

  /** True while PostgreSQL lets commits wait for this node. */
  public boolean isSynchronous() {
    return synchronous;
  }

  /** Bytes of WAL that PostgreSQL keeps for the slot; -1 while unknown. */
  public long retainedWal() {
    return retainedWal;
  }

  /** What PostgreSQL says of the slot; written by the thread that asks it. */
  public void slot(boolean isSynchronous, long retainedWalBytes) {
    synchronous = isSynchronous;
    retainedWal = retainedWalBytes;
  }

  /** The process of PostgreSQL that holds the slot for this node; 0 while none does. */
  public int holder() {
    return holder;
  }

  /** The session's thread goes on. */
  public void beat() {
    pulse.beat();
  }

  /** The session's thread waits on purpose, or what it does is watched otherwise. */
  public void rest() {
    pulse.rest();
  }

  /** For how long the session's thread has done nothing although something is due. */
  public Duration silence() {
    return pulse.silence();
  }

  /** What is so now. */
  public GatewayStatus status() {
    return status;
  }

  /**
   * The session has come to another state; for {@code Transitions} alone.
   *
   * @param shown what others see of it; empty for what they saw before
   * @param problem what is wrong; empty if nothing is, and the last problem stays
   * @param holderPid the process of PostgreSQL that holds the slot for this node; 0 if none does
   */
  public void entered(Optional<GatewayStatus.State> shown, String problem, int holderPid) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            shown.orElse(s.state()),
            s.position(),
            s.confirmedLsn(),
            s.transactions(),
            s.entries(),
            problem.isEmpty() ? s.lastProblem() : problem);
    holder = holderPid;
  }

  /** The session begins to leave its state: no slot is held for this node any more. */
  public void leaving() {
    holder = 0;
  }

  /** Why this node could not take a slot that has no root; empty if it could, or does not know. */
  public String hindrance() {
    return hindrance;
  }

  /** Says why, or with an empty text that nothing hinders. */
  public void hindrance(String why) {
    hindrance = why;
  }

  /** Something went wrong, in one line; the state stays. */
  public void problem(String problem) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            s.state(), s.position(), s.confirmedLsn(), s.transactions(), s.entries(), problem);
  }

  /** So many more transactions and entries are durable here, up to a position. */
  public void durable(Position position, long transactions, long entries) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            s.state(),
            position,
            s.confirmedLsn(),
            s.transactions() + transactions,
            s.entries() + entries,
            s.lastProblem());
  }

  /** PostgreSQL was told that it may forget the WAL up to {@code lsn}, unsigned. */
  public void confirmed(long lsn) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            s.state(), s.position(), lsn, s.transactions(), s.entries(), s.lastProblem());
  }
}

package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.central.CentralDatabase.Hold;
import java.time.Duration;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Asks PostgreSQL who has the slot. For the session's thread. */
final class SlotHolders {
  /** Who has it. */
  sealed interface Holder {
    /** It is free, for this node or another one. */
    record Nobody(Hold slot) implements Holder {}

    /** The process that served this node before; it was told to end. */
    record LostConnection(int pid) implements Holder {}

    /** Another root's process. */
    record AnotherRoot(Hold slot) implements Holder {
      int pid() {
        return slot.pid();
      }
    }
  }

  private final Supplier<Hold> asked;
  private final IntConsumer terminate;
  private final LongSupplier nanoTime;
  private int lastOwn;
  private String lastHeard = "";
  private long heardAt;

  /**
   * Makes one that has never held the slot.
   *
   * @param asked asks PostgreSQL
   * @param terminate ends a process
   * @param nanoTime monotonic time in ns
   */
  SlotHolders(Supplier<Hold> asked, IntConsumer terminate, LongSupplier nanoTime) {
    this.asked = asked;
    this.terminate = terminate;
    this.nanoTime = nanoTime;
    heardAt = nanoTime.getAsLong();
  }

  /**
   * For how long PostgreSQL has heard nothing from the root that holds the slot, as far as it was
   * asked and says; the clocks of other machines do not matter.
   */
  Duration silence() {
    return Duration.ofNanos(nanoTime.getAsLong() - heardAt);
  }

  private void note(Hold slot) {
    String heard = slot.pid() + " " + slot.lastReply();
    if (slot.lastReply().isEmpty() || !heard.equals(lastHeard)) {
      lastHeard = heard;
      heardAt = nanoTime.getAsLong();
    }
  }

  /** The slot is this node's, by this process. */
  void own(int pid) {
    lastOwn = pid;
  }

  /**
   * Asks. A process that held it for a connection which this node has given up is told to end.
   *
   * @throws org.jooq.exception.DataAccessException if PostgreSQL cannot be asked
   */
  Holder ask() {
    Hold slot = asked.get();
    note(slot);
    int pid = slot.pid();
    if (pid == 0) {
      return new Holder.Nobody(slot);
    }
    if (pid != lastOwn) {
      return new Holder.AnotherRoot(slot);
    }
    terminate.accept(pid);
    return new Holder.LostConnection(pid);
  }
}

package dev.quicksilver.gateway;

import java.util.function.IntConsumer;
import java.util.function.IntSupplier;

/** Asks PostgreSQL who has the slot. For the session's thread. */
final class SlotHolders {
  /** Who has it. */
  sealed interface Holder {
    /** It is free, for this node or another one. */
    record Nobody() implements Holder {}

    /** The process that served this node before; it was told to end. */
    record LostConnection(int pid) implements Holder {}

    /** Another root's process. */
    record AnotherRoot(int pid) implements Holder {}
  }

  private final IntSupplier asked;
  private final IntConsumer terminate;
  private int lastOwn;

  /**
   * Makes one that has never held the slot.
   *
   * @param asked the process that holds the slot; 0 if none does
   * @param terminate ends a process
   */
  SlotHolders(IntSupplier asked, IntConsumer terminate) {
    this.asked = asked;
    this.terminate = terminate;
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
    int pid = asked.getAsInt();
    if (pid == 0) {
      return new Holder.Nobody();
    }
    if (pid != lastOwn) {
      return new Holder.AnotherRoot(pid);
    }
    terminate.accept(pid);
    return new Holder.LostConnection(pid);
  }
}

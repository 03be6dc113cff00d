package dev.quicksilver.edge;

import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots for look-ups: a thread takes the slot that its id leads to for the length of one
 * look-up, by one compare-and-set, and renews the snapshot there. So no look-up allocates or waits,
 * and threads meet only where their ids are the same modulo the number of slots. Who finds its slot
 * taken takes the next; who finds all taken, as when many threads wait for the disk, reads with a
 * snapshot of its own.
 *
 * <p>A slot's snapshot is used, put to rest and closed only by who has taken the slot: that is what
 * keeps the pages mapped that a look-up reads. A slot that was closed is never free again.
 *
 * <p>Safe for all threads. {@link #letGoUnused} is to be called all the time by one of them.
 */
final class ReadSlots implements AutoCloseable {
  private static final int SLOTS = 64;
  private static final int FREE = 0;
  private static final int TAKEN = 1;
  private static final int CLOSED = 2;

  /** Two cache lines, since processors fetch them in pairs. */
  private static final int STRIDE = 128 / Integer.BYTES;

  private static final long CLOSE_PAUSE = 20_000;

  private final GenerationInUse inUse;
  private final AtomicIntegerArray states = new AtomicIntegerArray((SLOTS + 2) * STRIDE);
  private final Slot[] slots = new Slot[SLOTS];
  private volatile @Nullable Thread sleeper;

  /** A snapshot and what it is of. Written by who has taken it, and seldom, so not padded. */
  static final class Slot {
    private final int state;
    private @Nullable Snapshot snapshot;
    private boolean used;
    private volatile @Nullable Place place;
    private volatile boolean awake;

    private Slot(int state) {
      this.state = state;
    }

    private void close() {
      Snapshot closing = snapshot;
      snapshot = null;
      place = null;
      awake = false;
      if (closing != null) {
        closing.close();
      }
    }
  }

  ReadSlots(GenerationInUse inUse) {
    this.inUse = inUse;
    for (int i = 0; i < SLOTS; i++) {
      slots[i] = new Slot((i + 1) * STRIDE);
    }
  }

  /**
   * Takes a slot whose snapshot is at the newest commit; {@link #end} must follow.
   *
   * @throws StorageException if the database cannot be read, or must not be
   */
  @SuppressWarnings("ReferenceEquality") // a place is one object as long as it lasts
  Slot begin() {
    Slot slot = take();
    boolean begun = false;
    try {
      Snapshot snapshot = slot.snapshot;
      if (snapshot == null || !slot.awake || slot.place != inUse.place()) {
        wake(slot);
      } else {
        if (!slot.used) {
          slot.used = true;
        }
        snapshot.renew();
      }
      begun = true;
      return slot;
    } finally {
      if (!begun) {
        end(slot, false);
      }
    }
  }

  /** Returns the snapshot of a slot that the caller has taken. */
  static Snapshot snapshot(Slot slot) {
    Snapshot snapshot = slot.snapshot;
    if (snapshot == null) {
      throw new IllegalStateException("a slot was read that nobody had begun to use");
    }
    return snapshot;
  }

  /** Gives a slot back; if the look-up failed, its snapshot is not used again. */
  void end(Slot slot, boolean complete) {
    if (!complete || slot.state == 0) {
      slot.close();
    }
    if (slot.state != 0) {
      states.setRelease(slot.state, FREE);
    }
  }

  private Slot take() {
    int home = (int) Thread.currentThread().threadId();
    for (int i = 0; i < SLOTS; i++) {
      Slot slot = slots[(home + i) & (SLOTS - 1)];
      if (states.getOpaque(slot.state) == FREE && states.compareAndSet(slot.state, FREE, TAKEN)) {
        return slot;
      }
    }
    return new Slot(0);
  }

  /** Brings the snapshot of a slot to the newest commit of the generation in use. */
  private void wake(Slot slot) {
    inUse.lookIfDue();
    Place place = inUse.place();
    Snapshot snapshot = slot.snapshot;
    if (snapshot != null && place.equals(slot.place)) {
      snapshot.renew();
    } else {
      slot.close();
      while (slot.snapshot == null) {
        place = inUse.place();
        try {
          slot.snapshot = place.database().snapshot();
        } catch (StorageException e) {
          // Another thread has moved on since: read from where it went.
          if (e.code() != ErrorCode.NOT_FOUND || place.equals(inUse.place())) {
            throw e;
          }
        }
      }
    }
    slot.place = place;
    slot.used = true;
    slot.awake = true;
    Thread asleep = sleeper; // after the line above: who goes to sleep looks again after saying so
    if (asleep != null) {
      LockSupport.unpark(asleep);
    }
  }

  /**
   * Puts those snapshots to rest that were not used since this was last called, and closes those of
   * another generation than the one in use. Passes over slots that are taken.
   *
   * @return whether one of them is to be looked at again soon
   */
  boolean letGoUnused() {
    for (Slot slot : slots) {
      if (isOfInterest(slot) && states.compareAndSet(slot.state, FREE, TAKEN)) {
        try {
          Snapshot snapshot = slot.snapshot;
          if (snapshot != null && !inUse.place().equals(slot.place)) {
            slot.close();
          } else if (snapshot != null && !slot.used) {
            snapshot.rest();
            slot.awake = false;
          }
          slot.used = false;
        } finally {
          states.setRelease(slot.state, FREE);
        }
      }
    }
    return isAnyOfInterest();
  }

  /** Returns how many snapshots are awake. */
  int held() {
    int held = 0;
    for (Slot slot : slots) {
      held += slot.awake ? 1 : 0;
    }
    return held;
  }

  private boolean isOfInterest(Slot slot) {
    Place place = slot.place;
    return slot.awake || (place != null && !place.equals(inUse.place()));
  }

  private boolean isAnyOfInterest() {
    for (Slot slot : slots) {
      if (isOfInterest(slot)) {
        return true;
      }
    }
    return false;
  }

  /** Has the calling thread sleep until a snapshot is awake, at most so long. */
  void sleepUntilUsed(long nanos) {
    sleeper = Thread.currentThread();
    if (!isAnyOfInterest()) {
      LockSupport.parkNanos(this, nanos);
    }
    sleeper = null;
  }

  /** Closes all; waits for look-ups that are under way. What begins to read is to be refused. */
  @Override
  public void close() {
    for (Slot slot : slots) {
      while (!states.compareAndSet(slot.state, FREE, CLOSED) && states.get(slot.state) != CLOSED) {
        LockSupport.parkNanos(this, CLOSE_PAUSE);
      }
      slot.close();
    }
  }
}

package dev.quicksilver.cli.process;

import java.util.function.LongSupplier;

/**
 * Has the JVM give back the heap that a time with much garbage has made it take, once the process
 * has little to do: its collector does so with a full collection alone, and an idle process never
 * makes one. A full collection of what a node keeps takes some 30 ms.
 */
public final class IdleHeap implements AutoCloseable {
  private static final long LOOK_MILLIS = 10_000;

  /** Less is not worth a collection. */
  private static final long WORTH = 32 << 20;

  /** Who makes more garbage between two looks is at work. */
  private static final long AT_WORK = 16 << 20;

  private final LongSupplier taken;
  private final LongSupplier used;
  private final Runnable collect;
  private final Thread thread = Thread.ofVirtual().name("idle-heap").unstarted(this::run);
  private long kept;
  private long usedBefore;

  /** Takes what is asked and told; {@link #watch} has the JVM's own. */
  IdleHeap(LongSupplier taken, LongSupplier used, Runnable collect) {
    this.taken = taken;
    this.used = used;
    this.collect = collect;
    this.kept = taken.getAsLong();
    this.usedBefore = Long.MAX_VALUE;
  }

  /** Looks after the heap of this process until it is closed. */
  public static IdleHeap watch() {
    Runtime runtime = Runtime.getRuntime();
    IdleHeap heap =
        new IdleHeap(
            runtime::totalMemory, () -> runtime.totalMemory() - runtime.freeMemory(), System::gc);
    heap.thread.start();
    return heap;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** Collects if it is worth it and nobody is disturbed. */
  void look() {
    long now = used.getAsLong();
    boolean idle = now >= usedBefore && now - usedBefore < AT_WORK; // less: it was collected
    usedBefore = now;
    if (idle && taken.getAsLong() >= kept + WORTH) {
      collect.run();
      kept = taken.getAsLong();
      usedBefore = used.getAsLong();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}

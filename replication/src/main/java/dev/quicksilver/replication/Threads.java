package dev.quicksilver.replication;

/** What closing a part that has a thread of its own needs. */
public final class Threads {
  private Threads() {}

  /** Waits for the end of a thread, however often the caller is interrupted meanwhile. */
  public static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
